//! Whatever interrupts a run, the same command goes on, to the same bytes.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::setting::{Setting, assert_same, results};

/// Long enough to be interrupted.
pub(crate) const LONGER: &str = r#"
name = "longer"
models = ["tiny"]
prompts = ["bicycle", "cow"]

[dream]
epochs = 4
iterations = 25
cutouts = 8
save_every = 10
save_best = true

[optimizer]
sgd = { lr = 0.1, momentum = 0.9 }
adam = { lr = 0.05 }
"#;

const RUN: [&str; 5] = ["longer.toml", "--jobs", "2", "--out", "killed"];

/// `tests/kill_and_resume` does it twenty times; here a few do.
fn kills() -> u64 {
    std::env::var("DREAMBENCH_KILLS").map_or(3, |kills| kills.parse().expect("a number of kills"))
}

/// Kills come at points of a run's progress, not of time: nobody knows how long a run takes on a
/// busy machine.
#[test]
fn killed_at_any_moment_it_comes_to_the_same_bytes() {
    let setting = Setting::new();
    setting.write("longer.toml", LONGER);
    setting.expect(0, &["longer.toml", "--jobs", "2", "--out", "unbroken"]);
    let whole = progress(&setting.path("unbroken"));

    let folder = setting.path("killed");
    let mut killed = 0;
    for kill in 0..kills() {
        let mut child = start(&setting, &RUN);
        // Points spread over what remains to be done, none like another: the golden ratio leaves no
        // gaps.
        let share = (0.618_034 * (kill + 1) as f64).fract();
        let before = progress(&folder).min(whole);
        let point = before + ((whole - before) as f64 * share) as usize;
        while progress(&folder) < point && child.try_wait().unwrap().is_none() {
            sleep(Duration::from_millis(2));
        }
        sleep(Duration::from_millis(kill % 3 * 5)); // not only just after something was written
        killed += u64::from(child.try_wait().unwrap().is_none());
        child.kill().unwrap(); // SIGKILL
        child.wait().unwrap();
        if folder.join("report.html").is_file() {
            fs::remove_dir_all(&folder).unwrap(); // it was done: begin again
        }
    }
    assert!(killed > 0, "every run had ended before it was killed");
    setting.expect(0, &RUN);
    assert_same(&results(&setting.path("unbroken")), &results(&folder));
    assert!(leftovers(&folder).is_empty(), "{:?}", leftovers(&folder));
}

/// Files in a results folder and steps in its traces: they grow with a run, to its last moment.
fn progress(folder: &Path) -> usize {
    let of_entry = |path: PathBuf| match path.is_dir() {
        true => progress(&path),
        false if path.ends_with("trace.csv") => {
            fs::read_to_string(&path).map_or(0, |rows| rows.lines().count())
        }
        false => 1,
    };
    fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| of_entry(entry.path())).sum()
}

#[test]
fn a_trace_that_is_ahead_of_the_state_is_cut_back() {
    let setting = Setting::new();
    setting.write("longer.toml", LONGER);
    setting.expect(0, &["longer.toml", "--out", "unbroken"]);
    setting.expect(0, &["longer.toml", "--out", "ahead", "--only", "cow/adam/*"]);

    // As if killed between the writing of a trace and of the state: rows that the state knows
    // nothing of, no ending.
    let cell = setting.path("ahead/cells/cow/adam/seed-0");
    let trace = fs::read_to_string(cell.join("trace.csv")).unwrap();
    let extra = trace.lines().last().unwrap().replacen("100,", "101,", 1);
    fs::write(cell.join("trace.csv"), format!("{trace}{extra}\n")).unwrap();
    fs::remove_file(cell.join("final.png")).unwrap();
    let record = fs::read_to_string(cell.join("cell.toml")).unwrap();
    let body = record.split("\n[files]\n").next().unwrap().lines().skip(2); // without its digests
    let unfinished: String =
        body.filter(|line| !in_status(&record, line)).map(|line| format!("{line}\n")).collect();
    fs::write(cell.join("cell.toml"), format!("status = \"unfinished\"\n{unfinished}")).unwrap();

    setting.expect(0, &["longer.toml", "--out", "ahead"]);
    assert_same(&results(&setting.path("unbroken")), &results(&setting.path("ahead")));
    assert_eq!(fs::read_to_string(cell.join("trace.csv")).unwrap().lines().count(), 101);
}

/// Returns true if a line of a record is its status.
fn in_status(record: &str, line: &str) -> bool {
    let start = record.find("[status.finished]").unwrap();
    let end = record.find("[optimizer_settings").unwrap();
    record[start..end].contains(line) && !line.is_empty()
}

#[test]
#[cfg(unix)]
fn ctrl_c_saves_and_leaves() {
    let setting = Setting::new();
    setting.write("longer.toml", &LONGER.replace("epochs = 4", "epochs = 4000"));
    let child = start(&setting, &["longer.toml"]);
    wait_for(&setting.path("results/longer/cells/bicycle/sgd/seed-0/state.safetensors"));
    signal(&child, "INT");
    let output = child.wait_with_output().unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(130), "{stderr}");
    assert!(stderr.contains("the same command resumes from here"), "{stderr}");

    let trace =
        fs::read_to_string(setting.path("results/longer/cells/bicycle/sgd/seed-0/trace.csv")).unwrap();
    let child = start(&setting, &["longer.toml"]);
    wait_for_longer(&setting.path("results/longer/cells/bicycle/sgd/seed-0/trace.csv"), trace.len());
    signal(&child, "TERM");
    assert_eq!(child.wait_with_output().unwrap().status.code(), Some(130));
    let later =
        fs::read_to_string(setting.path("results/longer/cells/bicycle/sgd/seed-0/trace.csv")).unwrap();
    assert!(later.starts_with(&trace), "what was computed before is still there");
}

#[test]
fn a_second_run_on_the_same_folder_is_told() {
    let setting = Setting::new();
    setting.write("longer.toml", &LONGER.replace("epochs = 4", "epochs = 4000"));
    let mut child = start(&setting, &["longer.toml"]);
    wait_for(&setting.path("results/longer/cells/bicycle/sgd/seed-0/state.safetensors"));
    let second = setting.expect(75, &["longer.toml"]);
    assert!(second.stderr.contains("another run is using `results/longer`"), "{}", second.stderr);
    assert!(child.try_wait().unwrap().is_none(), "the first run goes on");
    child.kill().unwrap();
    child.wait().unwrap();
}

/// Three machines that share a folder: each computes its cells, and the last to end makes a report
/// of all of them.
#[test]
fn shards_run_at_the_same_time_into_one_folder() {
    let setting = Setting::new();
    setting.write("longer.toml", LONGER);
    setting.expect(0, &["longer.toml", "--out", "whole"]);
    let shards: Vec<Child> = ["1/3", "2/3", "3/3"]
        .map(|shard| start(&setting, &["longer.toml", "--out", "shards", "--jobs", "1", "--shard", shard]))
        .into();
    for shard in shards {
        let output = shard.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    }
    assert_same(&results(&setting.path("whole")), &results(&setting.path("shards")));
}

#[test]
fn a_shard_that_is_taken_is_refused() {
    let setting = Setting::new();
    setting.write("longer.toml", &LONGER.replace("epochs = 4", "epochs = 4000"));
    let mut child = start(&setting, &["longer.toml", "--shard", "1/2"]);
    wait_for(&setting.path("results/longer/cells/bicycle/sgd/seed-0/state.safetensors"));
    let same = setting.expect(75, &["longer.toml", "--shard", "1/2"]);
    insta::assert_snapshot!(same.stderr, @"
      × another run is using shard 1/2 of `results/longer`
      help: wait for it, or take another of the 2 shards
    ");
    let other_division = setting.expect(75, &["longer.toml", "--shard", "3/3"]);
    insta::assert_snapshot!(other_division.stderr, @"
      × a run with a different number of shards is using `results/longer`: 1/2
      help: all shards of a folder must be i/n with the same n
    ");
    let whole = setting.expect(75, &["longer.toml"]);
    insta::assert_snapshot!(whole.stderr, @"
      × another run is using `results/longer`
      help: wait for it, or choose another results folder with --out
    ");
    child.kill().unwrap();
    child.wait().unwrap();
}

/// One step of the second cell takes minutes: the first Ctrl-C has to wait for it, the second does
/// not.
#[test]
#[cfg(unix)]
fn a_second_ctrl_c_leaves_at_once() {
    let setting = Setting::new();
    let slow = LONGER
        .replace("cutouts = 8", "cutouts = 4096\ngradient_accumulation = [1, 1024]")
        .replace("epochs = 4\niterations = 25", "epochs = 1\niterations = 1")
        .replace("prompts = [\"bicycle\", \"cow\"]", "prompts = [\"cow\"]")
        .replace("sgd = { lr = 0.1, momentum = 0.9 }\n", "");
    setting.write("slow.toml", &slow);
    let run = ["slow.toml", "--jobs", "1"];
    let mut child = start(&setting, &run);
    let second = setting.path("results/longer/cells/cow/adam/gradient_accumulation-1024/seed-0");
    wait_for(&second.join("cell.toml"));
    sleep(Duration::from_millis(300)); // from the record to the step it is a blink
    signal(&child, "INT");
    sleep(Duration::from_millis(300));
    assert!(child.try_wait().unwrap().is_none(), "the first is a wish");
    signal(&child, "INT");
    let output = child.wait_with_output().unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    // Had it waited for the step, the cell would be done.
    let record = fs::read_to_string(second.join("cell.toml")).unwrap();
    assert!(record.contains("unfinished"), "{record}");
    assert_eq!(output.status.code(), Some(130), "{stderr}");
    assert!(stderr.contains("again to leave at once"), "{stderr}");

    // The folder is as sound as after any end: it is free, the first cell is done, the second to be
    // computed.
    let first = setting.expect(0, &["slow.toml", "--only", "*/gradient_accumulation-1/*"]);
    assert!(first.stderr.contains("1 cell, 0 to compute"), "{}", first.stderr);
    let again = start(&setting, &run);
    let log = setting.path("results/longer/run.log");
    wait_until(|| fs::read_to_string(&log).unwrap().contains("2 cells, 1 to compute"));
    signal(&again, "KILL");
    again.wait_with_output().unwrap();
}

#[test]
fn changed_settings_are_refused_and_fresh_begins_anew() {
    let setting = Setting::new();
    let short = LONGER.replace("epochs = 4", "epochs = 1");
    setting.write("longer.toml", &short);
    setting.expect(0, &["longer.toml"]);
    let before = results(&setting.path("results/longer"));
    let refused =
        setting.expect(1, &["longer.toml", "--set", "dream.cutouts=4", "--set", "optimizer.adam.lr=0.1"]);
    insta::assert_snapshot!(refused.stderr, @"
      × 4 cells of `results/longer` had other settings when they were computed
      help: bicycle/sgd/seed-0 and 1 more:
              dream.cutouts: was 8, is now 4
            bicycle/adam/seed-0 and 1 more:
              dream.cutouts: was 8, is now 4
              optimizer.adam.lr: was 0.05, is now 0.1
            --fresh discards them and computes them anew; --out with another folder keeps them
    ");
    assert_same(&before, &results(&setting.path("results/longer")));

    setting.expect(0, &["longer.toml", "--set", "dream.cutouts=4", "--fresh"]);
    let cell = fs::read_to_string(setting.path("results/longer/cells/cow/adam/seed-0/cell.toml")).unwrap();
    assert!(cell.contains("cutouts = 4"), "{cell}");
}

pub(crate) fn start(setting: &Setting, arguments: &[&str]) -> Child {
    setting.command(arguments).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap()
}

#[cfg(unix)]
pub(crate) fn signal(child: &Child, signal: &str) {
    let id = child.id().to_string();
    assert!(std::process::Command::new("kill").args(["-s", signal, &id]).status().unwrap().success());
}

pub(crate) fn wait_for(path: &Path) {
    wait_until(|| path.is_file());
}

pub(crate) fn wait_for_longer(path: &Path, bytes: usize) {
    wait_until(|| fs::metadata(path).is_ok_and(|file| file.len() > bytes as u64));
}

pub(crate) fn wait_until(condition: impl Fn() -> bool) {
    wait_until_within(120, condition);
}

pub(crate) fn wait_until_within(seconds: u64, condition: impl Fn() -> bool) {
    let begun = Instant::now();
    while !condition() {
        assert!(begun.elapsed() < Duration::from_secs(seconds), "it did not happen");
        sleep(Duration::from_millis(20));
    }
}

fn leftovers(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        if path.is_dir() {
            found.extend(leftovers(&path));
        } else if name.starts_with(".writing-") || name.starts_with(".animating-") || name.contains(".tmp") {
            found.push(path.display().to_string());
        }
    }
    found
}
