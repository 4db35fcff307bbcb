//! What is handed to Slurm, without one.
#![cfg(unix)]

use std::fs;
use std::os::unix::fs::PermissionsExt;

use crate::setting::{SMALL, Setting};

/// The program's output without names of this machine.
fn shown(setting: &Setting, text: &str) -> String {
    let folder = setting.path("").canonicalize().unwrap();
    let folder = folder.to_str().unwrap().trim_end_matches('/');
    text.replace(env!("CARGO_BIN_EXE_runner"), "RUNNER").replace(folder, "FOLDER")
}

/// A Slurm of shell scripts, which writes down how it was called.
fn pretend_slurm(setting: &Setting, squeue: &str, sbatch: &str) -> String {
    let called = |name: &str| format!("#!/bin/sh\necho {name} \"$@\" >>\"$0.called\"\n");
    let scripts = [
        ("squeue", format!("{}{squeue}\n", called("squeue"))),
        ("sbatch", format!("{}{sbatch}\n", called("sbatch"))),
        ("scancel", called("scancel")),
        ("scontrol", "#!/bin/sh\necho 'MaxArraySize            = 4'\n".to_owned()),
        ("sinfo", "#!/bin/sh\nprintf 'avx2\\navx512\\n'\n".to_owned()),
    ];
    for (name, script) in scripts {
        setting.write(&format!("bin/{name}"), &script);
        fs::set_permissions(setting.path("bin").join(name), fs::Permissions::from_mode(0o755)).unwrap();
    }
    format!("{}:{}", setting.path("bin").display(), std::env::var("PATH").unwrap())
}

fn with_path(setting: &Setting, path: &str, arguments: &[&str]) -> (Option<i32>, String) {
    let output = setting.command(arguments).env("PATH", path).output().unwrap();
    let text = [output.stdout, output.stderr].concat();
    (output.status.code(), String::from_utf8(text).unwrap())
}

#[test]
fn a_dry_run_prints_everything_and_writes_nothing() {
    let setting = Setting::new();
    setting.write("small.toml", SMALL);
    let options = ["--tasks", "3", "--at-once", "2", "--time", "1:00:00", "--cpus", "4", "--mem", "2G"];
    let arguments = [
        &["submit", "small.toml", "--out", "my results", "--dry-run", "--setup", "module load gcc"][..],
        &options,
        &["--", "--partition=a b"],
    ]
    .concat();
    let ran = setting.expect(0, &arguments);
    insta::assert_snapshot!(shown(&setting, &ran.stdout));
    assert!(!setting.path("my results").exists());
    let on_gpus = setting.expect(0, &["submit", "small.toml", "--dry-run", "--gpus", "1"]).stdout;
    let python = ["submit", "small.toml", "--dry-run", "--python", "my python", "--python-limit", "60"];
    let python = setting.expect(0, &python).stdout;
    assert!(python.contains("--python 'my python' --python-limit 60 --devices"), "{python}");
    assert!(on_gpus.contains("#SBATCH --gres=gpu:1") && on_gpus.contains("--devices cuda"), "{on_gpus}");
}

#[test]
fn a_submission_is_two_jobs_and_again_only_what_is_left() {
    let setting = Setting::new();
    setting.write("small.toml", SMALL);
    let path = pretend_slurm(&setting, "true", "wc -l <\"$0.called\"");
    let submit = ["submit", "small.toml", "--tasks", "9"];
    let (code, said) = with_path(&setting, &path, &submit);
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("4 cells to go in 3 shards, job 1; the report, job 2"), "{said}");
    assert!(said.contains("nodes are of several kinds"), "{said}");
    let calls = fs::read_to_string(setting.path("bin/sbatch.called")).unwrap();
    let calls: Vec<&str> = calls.lines().collect();
    assert!(calls[0].contains("--array=1-3 "), "an array of three is the largest: {calls:?}");
    assert!(calls[1].contains("--dependency=afterany:1 "), "{calls:?}");
    assert!(!setting.path("bin/squeue.called").exists(), "nothing was submitted before");
    let submitted = fs::read_to_string(setting.path("results/small/slurm/submitted.toml")).unwrap();
    assert!(submitted.contains("tasks = 3") && submitted.contains("array = 1"), "{submitted}");

    // A shard ends, as the script would have it do.
    let experiment = "results/small/experiment.toml";
    let before = fs::read(setting.path(experiment)).unwrap();
    setting.expect(0, &[experiment, "--out", "results/small", "--shard", "2/3", "--no-report"]);
    assert_eq!(fs::read(setting.path(experiment)).unwrap(), before);
    let (_, said) = with_path(&setting, &path, &submit);
    assert!(said.contains("3 cells to go in 3 shards, job 3"), "{said}");
    let calls = fs::read_to_string(setting.path("bin/sbatch.called")).unwrap();
    assert!(calls.lines().nth(2).unwrap().contains("--array=1,3 "), "{calls}");
    assert!(setting.path("bin/squeue.called").exists());
    let (_, status) = with_path(&setting, &path, &["status", "results/small"]);
    assert!(
        status.starts_with("small: 4 cells: 1 finished, 0 diverged, 0 failed, 0 under way, 3 not begun"),
        "{status}"
    );
    assert!(
        status.contains(" an hour; about ") && status.ends_with("no job is queued or running\n"),
        "{status}"
    );

    setting.expect(0, &[experiment, "--out", "results/small", "--no-report"]);
    let (_, said) = with_path(&setting, &path, &submit);
    assert!(said.contains("submitted: the report, job 5\n"), "{said}");
    let (_, status) = with_path(&setting, &path, &["status", "results/small"]);
    assert!(status.contains("4 finished") && status.contains("All cells have ended."), "{status}");
}

/// They are shared out by themselves, and are not judged.
#[test]
fn cells_that_repeat_others_with_other_rounding_are_submitted_too() {
    let setting = Setting::new();
    setting.write("small.toml", SMALL);
    let path = pretend_slurm(&setting, "true", "echo 7");
    setting.expect(0, &["small.toml", "--no-report"]);
    setting.write("small.toml", &format!("{SMALL}\n[study]\nrounding = 2\n"));
    let (code, said) = with_path(&setting, &path, &["submit", "small.toml", "--tasks", "2"]);
    assert!(code == Some(0) && said.contains("cells to go in 2 shards"), "{said}");
    for shard in ["1/2", "2/2"] {
        let experiment = "results/small/experiment.toml";
        setting.expect(0, &[experiment, "--out", "results/small", "--shard", shard, "--no-report"]);
    }
    let (_, status) = with_path(&setting, &path, &["status", "results/small"]);
    assert!(!status.contains(" 4 cells:") && status.contains("All cells have ended."), "{status}");
    let (_, said) = with_path(&setting, &path, &["submit", "small.toml", "--tasks", "2"]);
    assert!(said.contains("submitted: the report"), "{said}");
}

#[test]
fn nothing_is_submitted_twice_or_by_half() {
    let setting = Setting::new();
    setting.write("small.toml", SMALL);
    let refusing =
        "case $(wc -l <\"$0.called\") in 1) echo 7;; *) echo 'invalid partition' >&2; exit 1;; esac";
    let path = pretend_slurm(&setting, "echo '7 RUNNING'", refusing);
    let submit = ["submit", "small.toml", "--", "--partition=none"];
    let (code, said) = with_path(&setting, &path, &submit);
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("nothing was submitted") && said.contains("invalid partition"), "{said}");
    assert_eq!(fs::read_to_string(setting.path("bin/scancel.called")).unwrap(), "scancel 7\n");
    assert!(!setting.path("results/small/slurm/submitted.toml").exists());

    let path = pretend_slurm(&setting, "echo '7 RUNNING'", "echo 7");
    assert_eq!(with_path(&setting, &path, &submit).0, Some(0));
    let calls = fs::read_to_string(setting.path("bin/sbatch.called")).unwrap();
    let (code, said) = with_path(&setting, &path, &submit);
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("are queued or running: 7") && said.contains("scancel 7"), "{said}");
    assert_eq!(fs::read_to_string(setting.path("bin/sbatch.called")).unwrap(), calls);
    let (_, status) = with_path(&setting, &path, &["status", "results/small"]);
    assert!(status.contains("Slurm: 1 running"), "{status}");
}

#[test]
fn status_names_shards_that_were_killed_and_those_that_are_silent() {
    let setting = Setting::new();
    setting.write("small.toml", SMALL);
    let path = pretend_slurm(&setting, "true", "echo 7");
    with_path(&setting, &path, &["submit", "small.toml", "--tasks", "3"]);
    let log = |shard: usize, text: &str| {
        setting.write(&format!("results/small/slurm/log/7_{shard}.out"), text);
    };
    log(1, "job 8 on n1, start 0\nthe program was killed: …\njob 8 on n1, start 1\n");
    log(2, "job 9 on n1, start 0\nslurmstepd: error: Detected 1 oom_kill event in StepId=9.batch.\n");
    log(3, "job 7 on n1, start 0\n");
    let hours_ago = std::time::SystemTime::now() - std::time::Duration::from_secs(3 * 3600);
    let file =
        fs::File::options().write(true).open(setting.path("results/small/slurm/submitted.toml")).unwrap();
    file.set_modified(hours_ago).unwrap();
    let (_, status) = with_path(&setting, &path, &["status", "results/small"]);
    assert!(status.contains("Killed, probably for lack of memory: shard 2; submit again"), "{status}");
    assert!(status.contains("Nothing new for an hour: shards 1, 2, 3 of 3"), "{status}");
}

#[test]
fn what_submit_decides_itself_is_refused() {
    let setting = Setting::new();
    setting.write("small.toml", SMALL);
    for (option, value) in [("--shard", "1/2"), ("--devices", "cpu")] {
        let ran = setting.expect(1, &["submit", "small.toml", "--dry-run", option, value]);
        assert!(ran.stderr.contains(&format!("leave {option} out")), "{}", ran.stderr);
    }
    setting.expect(2, &["submit", "small.toml", "--time", "soon"]);
    setting.expect(2, &["submit", "small.toml", "--mem", "much"]);
    setting.expect(1, &["small.toml", "--tuning-only"]);
    setting.expect(1, &["status", "."]);
}
