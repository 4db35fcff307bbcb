//! Tuning: settings are chosen on prompts of their own, frozen, and then tested.

use std::fs;
use std::process::Stdio;

use crate::setting::{Setting, assert_same, results};

pub(crate) const TUNED: &str = r#"
name = "tuned"
models = ["tiny"]
prompts = ["bicycle", "cow"]
seeds = { per_prompt = 1 }

[dream]
epochs = 1
iterations = 4
cutouts = 4
save_every = 2

[optimizer]
sgd = { lr = { tune = [0.1, 10] } }
adam = { lr = { tune = [0.005, 0.5] } }
rprop = {}

[tuning]
prompts = ["chair", "dog"]
seeds = { per_prompt = 1, from = 1000 }
points = 3
extend = 1
also = { adam = { lr = 0.03 } }
"#;

fn setting() -> Setting {
    let setting = Setting::new();
    setting.write("tuned.toml", TUNED);
    setting
}

#[test]
fn settings_are_chosen_on_other_prompts_and_tested() {
    let setting = setting();
    let ran = setting.expect(0, &["tuned.toml"]);
    assert!(ran.stderr.contains("tuned: 14 cells of the tuning, 14 to compute"), "{}", ran.stderr);
    assert!(ran.stderr.contains("tuned on 2 prompts:\n  sgd lr="), "{}", ran.stderr);
    let folder = setting.path("results/tuned");
    let tuned: toml::Table = fs::read_to_string(folder.join("tuned.toml")).unwrap().parse().unwrap();
    let optimizers = tuned["optimizers"].as_array().unwrap();
    assert_eq!(optimizers.len(), 3);
    for optimizer in optimizers {
        let trials = optimizer["trials"].as_array().unwrap();
        let best = trials.iter().map(|trial| trial["score"].as_float().unwrap()).fold(f64::MIN, f64::max);
        let chosen = trials.iter().find(|trial| trial["values"] == optimizer["chosen"]).unwrap();
        assert_eq!(chosen["score"].as_float(), Some(best), "{optimizer}");
        // The mean of what the cells reached.
        let prompts = chosen["prompts"].as_array().unwrap();
        let mean = prompts.iter().map(|score| score.as_float().unwrap()).sum::<f64>() / prompts.len() as f64;
        assert_eq!(mean, best);
        let chosen_lr = optimizer["chosen"].get("lr").and_then(toml::Value::as_float);
        let name = optimizer["optimizer"].as_str().unwrap();
        let cell = fs::read_to_string(folder.join(format!("cells/cow/{name}/seed-1/cell.toml"))).unwrap();
        let cell: toml::Table = cell.parse().unwrap();
        let tested = cell["optimizer_settings"][name]["lr"].as_float();
        assert!(chosen_lr.is_none() || chosen_lr == tested, "{name}: {chosen_lr:?} {tested:?}");
    }
    assert!(folder.join("cells/bicycle/adam-as-given/seed-0/final.png").is_file());
    let table = fs::read_to_string(folder.join("tables/cells.csv")).unwrap();
    assert_eq!(table.lines().count(), 1 + 2 * 4, "trials are not ranked: {table}");
    let again = setting.expect(0, &["tuned.toml"]);
    assert!(again.stderr.contains("tuned: 8 cells, 0 to compute"), "{}", again.stderr);
    assert!(!again.stderr.contains("of the tuning"), "{}", again.stderr);
}

#[test]
fn shards_wait_for_each_other_and_come_to_the_same() {
    let setting = setting();
    setting.expect(0, &["tuned.toml", "--out", "whole"]);
    let waiting = setting.expect(4, &["tuned.toml", "--out", "parts", "--shard", "1/2"]);
    assert!(waiting.stderr.contains("the tuning waits for 7 cells of other shards"), "{}", waiting.stderr);
    // The second computes its share, and whatever is added at an edge is shared anew.
    for _ in 0..3 {
        for shard in ["2/2", "1/2"] {
            let ran = setting.run(&["tuned.toml", "--out", "parts", "--shard", shard]);
            assert!([Some(0), Some(4)].contains(&ran.code), "{}", ran.stderr);
        }
    }
    assert_same(&results(&setting.path("whole")), &results(&setting.path("parts")));
}

#[test]
fn a_tuning_record_that_changed_after_the_freeze_is_refused() {
    let setting = setting();
    setting.expect(0, &["tuned.toml"]);
    let folder = setting.path("results/tuned");
    let tuned = fs::read(folder.join("tuned.toml")).unwrap();
    let path = folder.join("cells/tuning/dog/adam-lr-0.05/seed-1001/cell.toml");
    // As somebody would who knows that records have a digest: without a head there is none to
    // compare.
    let record = fs::read_to_string(&path).unwrap();
    let body: Vec<&str> = record.lines().skip(2).collect();
    let raised = |line: &&str| match line.split_once("similarity_averaged = ") {
        Some(_) => "similarity_averaged = 0.99".to_owned(),
        None => (*line).to_owned(),
    };
    fs::write(&path, body.iter().map(raised).collect::<Vec<_>>().join("\n")).unwrap();
    let ran = setting.expect(1, &["tuned.toml"]);
    assert!(ran.stderr.contains("was frozen from other records"), "{}", ran.stderr);
    assert!(ran.stderr.contains("the score of adam lr=0.05 was"), "{}", ran.stderr);
    assert_eq!(fs::read(folder.join("tuned.toml")).unwrap(), tuned);
    setting.expect(0, &["tuned.toml", "--fresh"]);
}

#[test]
fn what_is_tuned_cannot_change_after_the_freeze() {
    let setting = setting();
    setting.expect(0, &["tuned.toml"]);
    for change in
        ["tuning.points=4", "optimizer.adam.lr.tune=[0.005, 0.4]", "dream.iterations=5", "labels.dog='hound'"]
    {
        let ran = setting.expect(1, &["tuned.toml", "--set", change]);
        assert!(ran.stderr.contains("what is to be tuned has changed"), "{change}: {}", ran.stderr);
    }
    // More to be tested is no change of what was tuned.
    let ran = setting.expect(0, &["tuned.toml", "--set", "prompts=['bicycle', 'cow', 'horse']"]);
    assert!(ran.stderr.contains("12 cells, 4 to compute"), "{}", ran.stderr);
}

#[test]
fn nothing_is_tested_before_it_is_chosen() {
    let setting = setting();
    let ran = setting.expect(1, &["tuned.toml", "--only", "cow/*"]);
    assert!(ran.stderr.contains("have not been chosen yet"), "{}", ran.stderr);
    assert!(!setting.path("results/tuned/cells").exists());
    setting.expect(0, &["tuned.toml"]);
    let ran = setting.expect(0, &["tuned.toml", "--only", "cow/*"]);
    assert!(ran.stderr.contains("4 cells, 0 to compute"), "{}", ran.stderr);
}

#[test]
fn killed_within_the_tuning_it_comes_to_the_same_bytes() {
    let setting = setting();
    setting.write("tuned.toml", &TUNED.replace("iterations = 4", "iterations = 40"));
    setting.expect(0, &["tuned.toml", "--out", "whole"]);
    for trial in ["tuning/chair/sgd-lr-1/seed-1000", "tuning/dog/adam-lr-0.5/seed-1001", "cow/adam/seed-1"] {
        let mut command = setting.command(&["tuned.toml", "--out", "killed"]);
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let begun = setting.path("killed/cells").join(trial).join("trace.csv");
        while !begun.is_file() && child.try_wait().unwrap().is_none() {
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
        child.kill().unwrap(); // SIGKILL
        child.wait().unwrap();
    }
    setting.expect(0, &["tuned.toml", "--out", "killed"]);
    assert_same(&results(&setting.path("whole")), &results(&setting.path("killed")));
}

#[test]
fn a_tuned_plan_tells_its_stages() {
    let setting = setting();
    let plan = setting.expect(0, &["plan", "tuned.toml"]);
    assert_eq!(plan.stdout.lines().filter(|line| line.starts_with("tuning/")).count(), 14);
    assert_eq!(plan.stdout.lines().count(), 14 + 8);
    assert!(plan.stderr.contains("first 14 cells of the tuning, plus up to 4 more"), "{}", plan.stderr);
    let same = TUNED.replace("\"chair\", \"dog\"", "\"chair\", \"Bicycle\"");
    setting.write("same.toml", &same);
    let refused = setting.expect(1, &["plan", "same.toml"]);
    assert!(refused.stderr.contains("tuning.prompts[1]"), "{}", refused.stderr);
}
