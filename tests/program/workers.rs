//! Shards as a batch system starts them: what they leave out, how they end, what they survive.
#![cfg(unix)]

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::process::Stdio;

use crate::resumption::{LONGER, signal, start, wait_for, wait_for_longer, wait_until};
use crate::setting::{SMALL, Setting, assert_same, results};

/// Never saved but when the run is asked to end.
fn endless(setting: &Setting) {
    let endless = LONGER.replace("epochs = 4", "epochs = 4000");
    setting.write("longer.toml", &endless.replace("save_every = 10", "save_every = 100000"));
}

#[test]
fn shards_without_reports_leave_all_that_one_report_needs() {
    let setting = Setting::new();
    setting.write("small.toml", SMALL);
    setting.expect(0, &["small.toml", "--out", "whole"]);
    for shard in ["1/3", "2/3", "3/3"] {
        setting.expect(0, &["small.toml", "--out", "parts", "--shard", shard, "--no-report"]);
        for made in ["report.html", "tables", "plots", "run.log"] {
            assert!(!setting.path("parts").join(made).exists(), "{made}");
        }
        let log = setting.path("parts/logs").join(format!("shard-{}.log", shard.replace('/', "-of-")));
        assert!(fs::read_to_string(log).unwrap().contains("to compute"), "every shard has its own log");
    }
    setting.expect(0, &["report", "parts"]);
    assert_same(&results(&setting.path("whole")), &results(&setting.path("parts")));
}

#[test]
fn what_all_shards_know_is_written_by_the_first() {
    let setting = Setting::new();
    setting.write("small.toml", SMALL);
    let files = ["experiment.toml", "plan.toml", "environment.json", "labels.toml"];
    let written = || -> BTreeMap<&str, u64> {
        let inode = |file| (file, fs::metadata(setting.path("results/small").join(file)).unwrap().ino());
        files.into_iter().map(inode).collect()
    };
    setting.expect(0, &["small.toml", "--shard", "1/2", "--no-report"]);
    // Kept open, an inode is not given to another file.
    let first = written();
    let _held = files.map(|file| fs::File::open(setting.path("results/small").join(file)).unwrap());
    setting.expect(0, &["small.toml", "--shard", "2/2", "--no-report"]);
    assert_eq!(first, written());
}

#[test]
fn a_shard_tells_failure_from_divergence() {
    let setting = Setting::new();
    setting.write("small.toml", &SMALL.replace("lr = 0.1", "lr = 1e38"));
    setting.expect(3, &["small.toml", "--out", "whole"]);
    setting.expect(0, &["small.toml", "--out", "parts", "--shard", "1/2", "--no-report"]);
    setting.write("parts/cells/cow/adam/seed-0/frames", "in the way of a folder");
    setting.expect(3, &["small.toml", "--out", "parts", "--shard", "2/2", "--no-report"]);
    let record = fs::read_to_string(setting.path("parts/cells/cow/adam/seed-0/cell.toml")).unwrap();
    assert!(record.contains("[status.failed]"), "{record}");
}

/// A batch system sends what it likes, to the job's script and to its children alike.
#[test]
fn every_signal_to_end_saves_however_often_it_comes() {
    let setting = Setting::new();
    endless(&setting);
    let cell = setting.path("results/longer/cells/bicycle/sgd/seed-0");
    let mut steps = 0;
    for signals in [["USR1", "TERM"], ["USR2", "USR2"], ["HUP", "TERM"], ["TERM", "TERM"]] {
        let child = start(&setting, &["longer.toml", "--shard", "1/2", "--no-report"]);
        let log = setting.path("results/longer/logs/shard-1-of-2.log");
        let begun = |log: String| log.matches("to compute").count();
        let before = fs::read_to_string(&log).map_or(0, begun);
        wait_until(|| fs::read_to_string(&log).map_or(0, begun) > before);
        wait_for(&cell.join("cell.toml"));
        signals.iter().for_each(|name| signal(&child, name));
        let output = child.wait_with_output().unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(130), "{signals:?} {stderr}");
        assert!(stderr.contains("the same command resumes from here"), "{stderr}");
        assert!(!stderr.contains("again to leave at once"), "{stderr}");
        let rows = fs::read_to_string(cell.join("trace.csv")).map_or(0, |rows| rows.lines().count());
        assert!(steps <= rows, "{signals:?}: {rows} rows after {steps}");
        steps = rows;
    }
    assert!(cell.join("state.safetensors").is_file());
}

#[test]
fn a_requeued_shard_waits_for_its_zombie() {
    let setting = Setting::new();
    endless(&setting);
    let shard = ["longer.toml", "--shard", "1/2", "--no-report"];
    let zombie = start(&setting, &shard);
    wait_for(&setting.path("results/longer/cells/bicycle/sgd/seed-0/cell.toml"));
    let waiting = [&shard[..], &["--wait", "0"]].concat();
    let refused = setting.expect(75, &waiting);
    assert!(refused.stderr.contains("another run is using shard 1/2"), "{}", refused.stderr);

    let waiting = [&shard[..], &["--wait", "600"]].concat();
    let mut twin = setting.command(&waiting).stderr(Stdio::piped()).spawn().unwrap();
    let mut said = BufReader::new(twin.stderr.take().unwrap()).lines();
    let line = said.next().unwrap().unwrap();
    assert_eq!(line, "another run is using shard 1/2 of `results/longer`: waiting for it");
    signal(&zombie, "KILL");
    zombie.wait_with_output().unwrap();
    assert!(said.next().unwrap().unwrap().contains("to compute"), "then it has the shard");
    signal(&twin, "TERM");
    assert!(said.any(|line| line.unwrap().contains("the same command resumes from here")));
    assert_eq!(twin.wait().unwrap().code(), Some(130));
}

#[test]
fn a_shard_that_waits_is_interrupted_too() {
    let setting = Setting::new();
    endless(&setting);
    let shard = ["longer.toml", "--shard", "1/2", "--no-report"];
    let zombie = start(&setting, &shard);
    wait_for(&setting.path("results/longer/cells/bicycle/sgd/seed-0/cell.toml"));
    let mut twin = setting.command(&shard).stderr(Stdio::piped()).spawn().unwrap();
    let mut said = BufReader::new(twin.stderr.take().unwrap()).lines();
    assert!(said.next().unwrap().unwrap().ends_with("waiting for it"));
    signal(&twin, "USR1");
    assert_eq!(twin.wait().unwrap().code(), Some(130));
    signal(&zombie, "KILL");
    zombie.wait_with_output().unwrap();
}

/// As on a file system without locks: a lock whose file is gone keeps nobody away.
#[test]
fn twins_without_locks_cost_no_cell() {
    let setting = Setting::new();
    setting.write("longer.toml", &LONGER.replace("save_every = 10", "save_every = 1"));
    setting.expect(0, &["longer.toml", "--out", "whole"]);
    let run = ["longer.toml", "--out", "twins", "--shard", "1/1", "--no-report", "--jobs", "1"];
    let twins = setting.path("twins");
    let mut first = start(&setting, &run);
    for kill in 0..6 {
        wait_for(&twins.join("cells/bicycle/sgd/seed-0/trace.csv"));
        unlock(&twins);
        let second = start(&setting, &run);
        let trace = twins.join("cells/cow/adam/seed-0/trace.csv");
        let rows = fs::metadata(&trace).map_or(0, |rows| rows.len());
        if rows == 0 && kill < 3 {
            wait_for_longer(&twins.join("cells/bicycle/sgd/seed-0/trace.csv"), 100 * kill);
        }
        signal(if kill % 2 == 0 { &second } else { &first }, "KILL");
        let (dead, living) = if kill % 2 == 0 { (second, first) } else { (first, second) };
        dead.wait_with_output().unwrap();
        first = living;
    }
    let output = first.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    setting.expect(0, &["longer.toml", "--out", "twins"]);
    assert_same(&results(&setting.path("whole")), &results(&twins));
    for log in fs::read_dir(twins.join("logs")).unwrap() {
        let log = fs::read_to_string(log.unwrap().path()).unwrap();
        assert!(!log.contains("failed"), "{log}");
    }
}

fn unlock(folder: &Path) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.file_name().unwrap().to_str().unwrap().starts_with(".lock") {
            let _ = fs::remove_file(path); // the other twin may not have made it again yet
        }
    }
}

#[test]
fn cells_tell_their_machines_and_the_report_warns_of_several_kinds() {
    let setting = Setting::new();
    setting.write("small.toml", SMALL);
    let shard = |shard: &str, instructions: &str| {
        let mut command = setting.command(&["small.toml", "--shard", shard, "--no-report"]);
        command.env("SLURM_ARRAY_JOB_ID", "7").env("SLURM_ARRAY_TASK_ID", &shard[..1]);
        assert!(command.env("ATEN_CPU_CAPABILITY", instructions).status().unwrap().success());
    };
    shard("1/2", "default");
    shard("2/2", "avx2");
    let record = fs::read_to_string(setting.path("results/small/cells/cow/adam/seed-0/cell.toml")).unwrap();
    let record: toml::Table = record.parse().unwrap();
    let machine = &record["machines"][0];
    assert_eq!(machine["instructions"].as_str(), Some("avx2"));
    assert_eq!(machine["job"].as_str(), Some("slurm 7_2"));
    assert_eq!(machine["threads"].as_integer(), Some(1));
    for name in ["host", "cpu", "libtorch"] {
        assert!(!machine[name].as_str().unwrap().is_empty(), "{name}");
    }
    let report = setting.expect(0, &["report", "results/small"]).stdout;
    assert!(report.contains("the compared cells come from 2 kinds of machines"), "{report}");
}

#[test]
fn takes_as_many_cores_as_it_is_given() {
    let setting = Setting::new();
    setting.write("small.toml", SMALL);
    for (threads, workers) in [("3", 3), ("5,2", 5)] {
        let mut command = setting.command(&["plan", "small.toml", "--devices", "cpu"]);
        let output = command.env("OMP_NUM_THREADS", threads).output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(said.matches("worker on cpu: 1 thread").count(), workers, "{said}");
    }
}
