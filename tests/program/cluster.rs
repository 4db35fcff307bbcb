//! Jobs in a real Slurm of two nodes on this machine (`tests/slurm/up`). They take minutes, and run
//! where `DREAMBENCH_SLURM_CHECK` is set, as `.ci/run` sets it where there is a Slurm.
#![cfg(target_os = "linux")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::atomic::{AtomicU16, Ordering};

use crate::resumption::{LONGER, wait_until_within};
use crate::setting::{Setting, assert_same, results};

/// Three prompts, four optimizers.
const TWELVE: &str = r#"
name = "twelve"
models = ["tiny"]
prompts = ["bicycle", "cow", "chair"]

[dream]
epochs = 1
iterations = 20
cutouts = 4
save_every = 5

[optimizer]
sgd = { lr = 0.1 }
adam = { lr = 0.05 }
rprop = {}
prodigy = {}
"#;

/// A Slurm of two nodes, and a working folder that both see.
struct Cluster {
    setting: Setting,
}

impl Cluster {
    /// Starts it; `None`, and says so, where that was not asked for.
    #[expect(clippy::print_stderr, reason = "whoever runs the tests has to know what was left out")]
    fn up() -> Option<Self> {
        if std::env::var_os("DREAMBENCH_SLURM_CHECK").is_none() {
            eprintln!("left out: DREAMBENCH_SLURM_CHECK is not set (tests/slurm/setup sees to a Slurm)");
            return None;
        }
        let (cluster, up) = Self::start("none");
        assert!(up.status.success(), "{}", String::from_utf8_lossy(&up.stderr));
        Some(cluster)
    }

    /// Starts it, with `limits` to what jobs may use.
    fn start(limits: &str) -> (Self, Output) {
        static STARTED: AtomicU16 = AtomicU16::new(0);
        let cluster = Self { setting: Setting::new() };
        let of_process = (std::process::id() % 1000) as u16;
        let port = 20_000 + 30 * of_process + 3 * STARTED.fetch_add(1, Ordering::SeqCst);
        let up = cluster.tool("up").arg(cluster.folder()).args([&port.to_string(), limits]).output().unwrap();
        (cluster, up)
    }

    fn tool(&self, name: &str) -> Command {
        Command::new(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/slurm").join(name))
    }

    fn folder(&self) -> PathBuf {
        self.setting.path("slurm")
    }

    fn configuration(&self) -> PathBuf {
        self.folder().join("slurm.conf")
    }

    /// The standard output of one of Slurm's commands.
    fn slurm(&self, arguments: &[&str]) -> String {
        let mut command = Command::new(arguments[0]);
        let output = command.args(&arguments[1..]).env("SLURM_CONF", self.configuration()).output().unwrap();
        String::from_utf8(output.stdout).unwrap()
    }

    fn runner(&self, code: i32, arguments: &[&str]) -> String {
        let mut command = self.setting.command(arguments);
        let output = command.env("SLURM_CONF", self.configuration()).output().unwrap();
        let said = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
        assert_eq!(output.status.code(), Some(code), "{arguments:?}\n{said}");
        said
    }

    fn submit(&self, arguments: &[&str]) -> String {
        self.runner(0, &[&["submit"], arguments].concat())
    }

    /// Waits until no job is queued or running.
    fn wait(&self) {
        wait_until_within(300, || self.slurm(&["squeue", "--noheader"]).trim().is_empty());
    }

    /// All that jobs have said.
    fn said(&self, results: &str) -> String {
        let logs = fs::read_dir(self.setting.path(results).join("slurm/log")).into_iter().flatten();
        let mut logs: Vec<PathBuf> = logs.map(|entry| entry.unwrap().path()).collect();
        logs.sort();
        logs.iter().map(|log| fs::read_to_string(log).unwrap()).collect()
    }

    /// Processes that were started below this Slurm, whose command lines have `word`.
    fn processes(&self, word: &str) -> Vec<u32> {
        let conf = format!("SLURM_CONF={}", self.configuration().display());
        let has = |id: u32, file: &str, word: &str| {
            let text = fs::read(format!("/proc/{id}/{file}")).unwrap_or_default();
            String::from_utf8_lossy(&text).contains(word)
        };
        let entries = fs::read_dir("/proc").unwrap().flatten();
        let ids = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
        ids.filter(|&id| has(id, "environ", &conf) && has(id, "cmdline", word)).collect()
    }

    fn kill(&self, word: &str) {
        for id in self.processes(word) {
            let _ = Command::new("kill").args(["-KILL", &id.to_string()]).status().unwrap();
        }
    }

    /// Kills the daemon of the node that runs the one job.
    fn kill_daemon(&self) {
        let node = self.slurm(&["squeue", "--noheader", "--states=running", "--format=%N"]);
        let daemon = fs::read_to_string(self.folder().join(format!("slurmd-{}.pid", node.trim()))).unwrap();
        let _ = Command::new("kill").args(["-KILL", daemon.trim()]).status().unwrap();
    }

    fn steps(&self, cell: &str) -> usize {
        let trace = fs::read_to_string(self.setting.path(cell).join("trace.csv")).unwrap_or_default();
        trace.lines().count()
    }

    fn same_as_whole(&self, experiment: &str) {
        self.setting.expect(0, &[experiment, "--out", "whole"]);
        assert_same(&results(&self.setting.path("whole")), &results(&self.setting.path("out")));
        let cells = fs::read_to_string(self.setting.path("out/tables/cells.csv")).unwrap();
        assert!(!cells.contains("failed"), "{cells}");
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        let _ = self.tool("down").arg(self.folder()).status();
        self.kill("");
    }
}

const ASK: [&str; 8] = ["--out", "out", "--cpus", "1", "--mem", "600M", "--time", "30"];
const CELL: &str = "out/cells/bicycle/sgd/seed-0";

fn one_endless_cell(cluster: &Cluster) {
    let endless = LONGER.replace("epochs = 4", "epochs = 4000").replace("adam = { lr = 0.05 }", "");
    cluster.setting.write("endless.toml", &endless.replace("\"bicycle\", \"cow\"", "\"bicycle\""));
}

#[test]
fn an_array_and_its_report_come_to_the_bytes_of_a_whole_run() {
    let Some(cluster) = Cluster::up() else { return };
    cluster.setting.write("twelve.toml", TWELVE);
    let said = cluster.submit(&[&["twelve.toml", "--tasks", "4"], &ASK[..]].concat());
    assert!(said.contains("12 cells to go in 4 shards"), "{said}");
    let refused = cluster.runner(1, &[&["submit", "twelve.toml", "--tasks", "4"], &ASK[..]].concat());
    assert!(refused.contains("scancel"), "{refused}");
    cluster.wait();
    cluster.same_as_whole("twelve.toml");
    let said = cluster.said("out");
    assert_eq!(said.matches("Ranking by mean similarity").count(), 1, "one report: {said}");
    assert_eq!(said.matches("CUDA_VISIBLE_DEVICES=(not set)").count(), 5, "{said}");
    let status = cluster.runner(0, &["status", "out"]);
    assert!(status.contains("12 finished") && status.contains("no job is queued"), "{status}");
    let again = cluster.submit(&[&["twelve.toml", "--tasks", "4"], &ASK[..]].concat());
    assert!(again.contains("submitted: the report"), "{again}");
}

#[test]
fn a_tuned_study_is_tuned_chosen_and_tested_one_after_the_other() {
    let Some(cluster) = Cluster::up() else { return };
    cluster.setting.write("tuned.toml", crate::tuning::TUNED);
    let said = cluster.submit(&[&["tuned.toml", "--tasks", "3"], &ASK[..]].concat());
    assert!(said.contains("14 cells of the tuning to go"), "{said}");
    cluster.wait();
    cluster.same_as_whole("tuned.toml");
    let tuned = |folder: &str| fs::read(cluster.setting.path(folder).join("tuned.toml")).unwrap();
    assert!(tuned("whole") == tuned("out"));
}

#[test]
fn a_cancelled_array_leaves_a_report_and_goes_on_where_it_was() {
    let Some(cluster) = Cluster::up() else { return };
    cluster.setting.write("twelve.toml", &TWELVE.replace("iterations = 20", "iterations = 300"));
    let said = cluster.submit(&[&["twelve.toml", "--tasks", "12"], &ASK[..]].concat());
    let id = said.split("12 shards, job ").nth(1).unwrap().split(';').next().unwrap().to_owned();
    let images = || {
        let cells = fs::read_dir(cluster.setting.path("out/cells")).into_iter().flatten().flatten();
        let cells = cells.flat_map(|cell| fs::read_dir(cell.path()).unwrap().flatten());
        cells.filter(|cell| cell.path().join("seed-0/evaluation.toml").is_file()).count()
    };
    wait_until_within(120, || 1 <= images());
    cluster.slurm(&["scancel", &id]);
    cluster.wait();
    let ended = images();
    assert!((1..12).contains(&ended), "{ended}");
    assert!(cluster.setting.path("out/report.html").is_file(), "a report of what there is");
    let again = cluster.submit(&[&["twelve.toml", "--tasks", "12"], &ASK[..]].concat());
    let script = format!("{} cells to go in 12 shards", 12 - ended);
    assert!(again.contains(&script), "{again}");
    cluster.wait();
    cluster.same_as_whole("twelve.toml");
}

/// As before a time limit, three times.
#[test]
fn a_shard_that_is_warned_saves_and_is_started_again() {
    let Some(cluster) = Cluster::up() else { return };
    let longer =
        LONGER.replace("iterations = 25", "iterations = 400").replace("save_every = 10", "save_every = 2000");
    cluster.setting.write("longer.toml", &longer);
    cluster.submit(&[&["longer.toml", "--tasks", "1"], &ASK[..]].concat());
    let nothing_runs = || cluster.slurm(&["squeue", "--noheader"]).trim().is_empty();
    for start in 1..=3 {
        let under_way = || !cluster.processes("--shard").is_empty() && cluster.setting.path(CELL).is_dir();
        wait_until_within(120, || under_way() || nothing_runs());
        let job = cluster.slurm(&["squeue", "--noheader", "--states=running", "--format=%i"]);
        cluster.slurm(&["scancel", "--batch", "--signal=USR1", job.trim()]);
        let started = format!("start {start},");
        wait_until_within(120, || cluster.said("out").contains(&started) || nothing_runs());
    }
    cluster.wait();
    let said = cluster.said("out");
    assert!(said.contains("start 1,") && said.contains("Ranking by mean similarity"), "{said}");
    let status = cluster.runner(0, &["status", "out"]);
    assert!(status.contains("All cells have ended."), "{status}\n{said}");
    cluster.same_as_whole("longer.toml");
}

/// A limit of a minute, of which Slurm warns in its middle.
#[test]
fn a_time_limit_costs_nothing() {
    let Some(cluster) = Cluster::up() else { return };
    one_endless_cell(&cluster);
    let ask = ["--out", "out", "--cpus", "1", "--mem", "600M", "--time", "1", "--tasks", "1"];
    cluster.submit(&[&["endless.toml"], &ask[..]].concat());
    wait_until_within(240, || cluster.said("out").contains("start 1,"));
    let steps = cluster.steps(CELL);
    assert!(1 < steps, "saved by the first start");
    wait_until_within(120, || steps < cluster.steps(CELL));
    let said = cluster.said("out");
    assert!(said.contains("going on") && said.contains("the same command resumes from here"), "{said}");
    assert!(!said.contains("beginning anew"), "{said}");
}

#[test]
fn a_node_that_dies_costs_a_save_interval() {
    let Some(cluster) = Cluster::up() else { return };
    one_endless_cell(&cluster);
    cluster.submit(&[&["endless.toml", "--tasks", "1"], &ASK[..]].concat());
    wait_until_within(120, || 20 < cluster.steps(CELL));
    cluster.kill_daemon();
    for word in ["slurmstepd", "slurm_script", "--shard"] {
        cluster.kill(word);
    }
    let steps = cluster.steps(CELL);
    wait_until_within(180, || cluster.said("out").contains("start 1,"));
    wait_until_within(120, || steps + 20 < cluster.steps(CELL));
    let said = cluster.said("out");
    assert!(said.contains("going on") && !said.contains("beginning anew"), "{said}");
}

/// Slurm gives a node up and starts the shard elsewhere, while the first start still computes.
#[test]
fn the_twin_of_a_zombie_waits_for_it() {
    let Some(cluster) = Cluster::up() else { return };
    one_endless_cell(&cluster);
    cluster.submit(&[&["endless.toml", "--tasks", "1"], &ASK[..]].concat());
    wait_until_within(120, || 20 < cluster.steps(CELL));
    cluster.kill_daemon();
    let zombie = cluster.processes("--shard");
    assert_eq!(zombie.len(), 1);
    wait_until_within(180, || cluster.said("out").contains("waiting for it"));
    let _ = Command::new("kill").args(["-KILL", &zombie[0].to_string()]).status().unwrap();
    let steps = cluster.steps(CELL);
    wait_until_within(180, || steps + 20 < cluster.steps(CELL));
    let status = cluster.runner(0, &["status", "out"]);
    assert!(status.contains("0 failed, 1 under way"), "{status}");
}

#[test]
fn gpus_are_asked_for_and_a_killed_program_is_told() {
    let Some(cluster) = Cluster::up() else { return };
    one_endless_cell(&cluster);
    let ask = [&["endless.toml", "--tasks", "1"], &ASK[..]].concat();
    cluster.submit(&[&ask[..], &["--gpus", "1"]].concat());
    cluster.wait();
    let said = cluster.said("out");
    assert!(said.contains("CUDA_VISIBLE_DEVICES=0"), "{said}");

    cluster.submit(&ask);
    wait_until_within(120, || !cluster.processes("--shard").is_empty() && 5 < cluster.steps(CELL));
    cluster.kill("--shard"); // as the system does where memory is short
    cluster.wait();
    let status = cluster.runner(0, &["status", "out"]);
    assert!(
        status.contains("Killed, probably for lack of memory: shard 1; submit again with more --mem"),
        "{status}"
    );
}

/// libtorch alone takes more than 40 MB.
#[test]
fn memory_that_runs_out_is_told_and_asked_for_again() {
    if std::env::var_os("DREAMBENCH_SLURM_CHECK").is_none() {
        return;
    }
    let (cluster, up) = Cluster::start("cgroup");
    if !(up.status.success() && Path::new("/sys/fs/cgroup/memory").is_dir()) {
        eprintln!("left out: this machine has no control groups that Slurm can limit memory with");
        return;
    }
    cluster.setting.write("twelve.toml", TWELVE);
    let ask = |memory| ["twelve.toml", "--tasks", "1", "--out", "out", "--cpus", "1", "--mem", memory];
    cluster.submit(&ask("40M"));
    cluster.wait();
    assert!(cluster.slurm(&["scontrol", "show", "job"]).contains("JobState=OUT_OF_MEMORY"));
    let status = cluster.runner(0, &["status", "out"]);
    assert!(status.contains("Killed, probably for lack of memory: shard 1"), "{status}");
    cluster.submit(&ask("2G"));
    cluster.wait();
    cluster.same_as_whole("twelve.toml");
}

#[test]
fn a_refusal_of_sbatch_is_told_and_leaves_no_job() {
    let Some(cluster) = Cluster::up() else { return };
    cluster.setting.write("twelve.toml", TWELVE);
    let ask = [&["submit", "twelve.toml"], &ASK[..], &["--", "--partition=nowhere"]].concat();
    let said = cluster.runner(1, &ask);
    assert!(said.contains("invalid partition"), "{said}");
    assert!(cluster.slurm(&["squeue", "--noheader"]).trim().is_empty());
}
