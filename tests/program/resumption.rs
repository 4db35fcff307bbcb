//! Whatever interrupts a run, the same command goes on, to the same bytes.

use std::fs;
use std::path::Path;
use std::process::{Child, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::setting::{Setting, assert_same, results};

/// Long enough to be interrupted.
const LONGER: &str = r#"
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

#[test]
fn killed_at_any_moment_it_comes_to_the_same_bytes() {
    let setting = Setting::new();
    setting.write("longer.toml", LONGER);
    let begun = Instant::now();
    setting.expect(0, &["longer.toml", "--jobs", "2", "--out", "unbroken"]);
    let whole = begun.elapsed();

    let mut killed = 0;
    for kill in 0..kills() {
        let mut child = start(&setting, &RUN);
        // Moments spread over a run, none like another; the golden ratio leaves no gaps.
        let moment = (0.618_034 * (kill + 1) as f64).fract();
        sleep(whole.mul_f64(moment));
        killed += u64::from(child.try_wait().unwrap().is_none());
        child.kill().unwrap(); // SIGKILL
        child.wait().unwrap();
        if setting.path("killed/tables").is_dir() {
            fs::remove_dir_all(setting.path("killed")).unwrap(); // it was done already: begin again
        }
    }
    assert!(killed > 0, "every run had ended before it was killed");
    setting.expect(0, &RUN);
    assert_same(&results(&setting.path("unbroken")), &results(&setting.path("killed")));
    assert!(leftovers(&setting.path("killed")).is_empty(), "{:?}", leftovers(&setting.path("killed")));
}

#[test]
fn a_trace_that_is_ahead_of_the_state_is_cut_back() {
    let setting = Setting::new();
    setting.write("longer.toml", LONGER);
    setting.expect(0, &["longer.toml", "--out", "unbroken"]);
    setting.expect(0, &["longer.toml", "--out", "ahead", "--only", "cow/adam/*"]);

    // As if killed between the writing of a trace and of the state: rows that the state knows nothing of, no ending.
    let cell = setting.path("ahead/cells/cow/adam/seed-0");
    let trace = fs::read_to_string(cell.join("trace.csv")).unwrap();
    let extra = trace.lines().last().unwrap().replacen("100,", "101,", 1);
    fs::write(cell.join("trace.csv"), format!("{trace}{extra}\n")).unwrap();
    fs::remove_file(cell.join("final.png")).unwrap();
    let record = fs::read_to_string(cell.join("cell.toml")).unwrap();
    let unfinished: String =
        record.lines().filter(|line| !in_status(&record, line)).map(|line| format!("{line}\n")).collect();
    fs::write(cell.join("cell.toml"), format!("status = \"unfinished\"\n{unfinished}")).unwrap();

    setting.expect(0, &["longer.toml", "--out", "ahead"]);
    assert_same(&results(&setting.path("unbroken")), &results(&setting.path("ahead")));
    assert_eq!(fs::read_to_string(cell.join("trace.csv")).unwrap().lines().count(), 101);
}

/// Whether a line of a record is its status.
fn in_status(record: &str, line: &str) -> bool {
    let start = record.find("[status.finished]").unwrap();
    let end = record.find("[optimizer_settings").unwrap();
    record[start..end].contains(line) && !line.is_empty()
}

#[test]
#[cfg(unix)]
fn ctrl_c_saves_and_leaves_soon() {
    let setting = Setting::new();
    setting.write("longer.toml", &LONGER.replace("epochs = 4", "epochs = 4000"));
    let child = start(&setting, &["longer.toml"]);
    wait_for(&setting.path("results/longer/cells/bicycle/sgd/seed-0/state.safetensors"));
    let asked = Instant::now();
    signal(&child, "INT");
    let output = child.wait_with_output().unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(130), "{stderr}");
    assert!(asked.elapsed() < Duration::from_secs(5), "{:?}", asked.elapsed());
    assert!(stderr.contains("the same command goes on from here"), "{stderr}");

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
    let second = setting.expect(1, &["longer.toml"]);
    assert!(second.stderr.contains("another run is at work on `results/longer`"), "{}", second.stderr);
    assert!(child.try_wait().unwrap().is_none(), "the first run goes on");
    child.kill().unwrap();
    child.wait().unwrap();
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

fn start(setting: &Setting, arguments: &[&str]) -> Child {
    setting.command(arguments).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap()
}

#[cfg(unix)]
fn signal(child: &Child, signal: &str) {
    let id = child.id().to_string();
    assert!(std::process::Command::new("kill").args(["-s", signal, &id]).status().unwrap().success());
}

fn wait_for(path: &Path) {
    wait_until(|| path.is_file());
}

fn wait_for_longer(path: &Path, bytes: usize) {
    wait_until(|| fs::metadata(path).is_ok_and(|file| file.len() > bytes as u64));
}

fn wait_until(condition: impl Fn() -> bool) {
    let begun = Instant::now();
    while !condition() {
        assert!(begun.elapsed() < Duration::from_secs(120), "it did not happen");
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
        } else if name.starts_with(".writing-") || name.contains(".tmp") {
            found.push(path.display().to_string());
        }
    }
    found
}
