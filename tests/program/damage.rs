//! Results folders that are not as a run left them.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use crate::setting::{SMALL, Setting, assert_same, results};

#[cfg(unix)]
#[test]
fn refuses_pipes_where_records_should_be() {
    use std::process::{Command, Stdio};
    use std::thread;
    use std::time::{Duration, Instant};

    let setting = Setting::new();
    setting.write("small.toml", SMALL).expect(0, &["small.toml", "--quiet"]);
    // A watchdog, so that a program that waits for ever fails the test instead of stopping it.
    let ended = |arguments: &[&str]| {
        let (out, err) = (setting.path("stdout"), setting.path("stderr"));
        let mut command = setting.command(arguments);
        command.stdout(Stdio::from(fs::File::create(out).unwrap()));
        command.stderr(Stdio::from(fs::File::create(&err).unwrap()));
        let mut child = command.spawn().unwrap();
        let begun = Instant::now();
        loop {
            if let Some(status) = child.try_wait().unwrap() {
                return (status.code(), fs::read_to_string(&err).unwrap());
            }
            if begun.elapsed() > Duration::from_secs(120) {
                child.kill().unwrap();
                return (None, format!("waits for ever: {arguments:?}"));
            }
            thread::sleep(Duration::from_millis(20));
        }
    };
    let records = [
        "plan.toml",
        "published.csv",
        "environment.json",
        "cells/cow/adam/seed-0/cell.toml",
        "cells/cow/adam/seed-0/trace.csv",
        "cells/cow/adam/seed-0/evaluation.toml",
        "cells/cow/adam/seed-0/final.png",
        "cells/cow/adam/seed-0/mask.png",
        "cells/cow/adam/seed-0/frames/000003.png",
    ];
    for record in records {
        let (path, aside) = (setting.path("results/small").join(record), setting.path("aside"));
        let was_there = fs::rename(&path, &aside).is_ok();
        assert!(Command::new("mkfifo").arg(&path).status().unwrap().success());
        for arguments in [&["report", "results/small"][..], &["compare", "results/small", "results/small"]] {
            let (code, said) = ended(arguments);
            assert!(matches!(code, Some(0 | 1 | 3)), "{record}: {arguments:?}: {code:?}\n{said}");
        }
        fs::remove_file(&path).unwrap();
        if was_there {
            fs::rename(&aside, &path).unwrap();
        }
    }
    assert!(Command::new("mkfifo").arg(setting.path("pipe.toml")).status().unwrap().success());
    let (code, said) = ended(&["pipe.toml"]);
    assert!(code == Some(1) && said.contains("named pipe"), "{code:?}\n{said}");
}

/// A run of two prompts and two optimizers, and what it left behind.
fn finished() -> (Setting, BTreeMap<String, Vec<u8>>) {
    let setting = Setting::new();
    setting.write("small.toml", &SMALL.replace("save_every = 3", "save_every = 3\nsave_best = true"));
    setting.expect(0, &["small.toml", "--quiet"]);
    let whole = results(&setting.path("results/small"));
    (setting, whole)
}

type Harm = fn(&Path);

fn remove(path: &Path) {
    fs::remove_file(path).unwrap();
}

fn empty(path: &Path) {
    fs::write(path, b"").unwrap();
}

fn cut(path: &Path) {
    let bytes = fs::read(path).unwrap();
    fs::write(path, &bytes[..bytes.len() * 2 / 3]).unwrap();
}

/// In a number or a pixel, as the middle of all these files is.
fn flip(path: &Path) {
    let mut bytes = fs::read(path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 4;
    fs::write(path, bytes).unwrap();
}

const CELL: &str = "results/small/cells/cow/adam/seed-0";
const HARMS: [(&str, Harm); 4] = [("remove", remove), ("empty", empty), ("cut", cut), ("flip", flip)];
/// Without the saved state, which the report does not read.
const FILES: [&str; 8] = [
    "cell.toml",
    "trace.csv",
    "final.png",
    "best.png",
    "frames/000003.png",
    "frames/000008.png",
    "evaluation.toml",
    "mask.png",
];

#[test]
fn a_damaged_cell_is_named_and_the_others_are_reported() {
    let (setting, _) = finished();
    for (file, (name, harm)) in FILES.iter().flat_map(|file| HARMS.map(|harm| (*file, harm))) {
        if (file, name) == ("evaluation.toml", "remove") {
            continue; // a cell that has not been judged yet
        }
        let path = setting.path(CELL).join(file);
        let before = fs::read(&path).unwrap();
        harm(&path);
        let reported = setting.expect(3, &["report", "results/small"]);
        assert!(reported.stdout.contains("3 of 4 cells finished"), "{name} {file}: {}", reported.stdout);
        assert!(reported.stdout.contains("cow/adam/seed-0: "), "{name} {file}: {}", reported.stdout);
        let stem = file.split_once('/').map_or(file, |(folder, _)| folder);
        assert!(reported.stdout.contains(&format!("seed-0: {stem}")), "{name} {file}: {}", reported.stdout);
        let table = fs::read_to_string(setting.path("results/small/tables/cells.csv")).unwrap();
        let line = table.lines().find(|line| line.starts_with("cow/adam/seed-0,")).unwrap();
        assert!(line.contains(",unreadable,"), "{name} {file}: {line}");
        let page = fs::read_to_string(setting.path("results/small/report.html")).unwrap();
        assert!(page.contains("unreadable: "), "{name} {file}");
        let verified = setting.expect(3, &["verify", "results/small"]);
        assert!(verified.stdout.contains(&format!("cells/cow/adam/seed-0/{stem}")), "{}", verified.stdout);
        fs::write(&path, before).unwrap();
    }
    setting.expect(0, &["report", "results/small"]);
    let verified = setting.expect(0, &["verify", "results/small"]);
    assert_eq!(verified.stdout, "4 cells: 4 as the run left them\n");
}

#[test]
fn a_run_repairs_every_damaged_file_to_the_same_bytes() {
    let (setting, whole) = finished();
    for (file, (name, harm)) in
        FILES.iter().chain(&["state.safetensors"]).flat_map(|file| HARMS.map(|harm| (*file, harm)))
    {
        harm(&setting.path(CELL).join(file));
        let ran = setting.run(&["small.toml"]);
        assert_eq!(ran.code, Some(0), "{name} {file}: {}", ran.stderr);
        assert_same(&whole, &results(&setting.path("results/small")));
        let redrawn = ["final.png", "best.png", "frames/000008.png"].contains(&file);
        if redrawn && name != "flip" {
            assert!(ran.stderr.contains("drawn again from the saved state"), "{name} {file}: {}", ran.stderr);
        }
        let verified = setting.expect(0, &["verify", "results/small"]);
        assert!(verified.stdout.contains("4 as the run left them"), "{name} {file}: {}", verified.stdout);
    }
}

#[test]
fn a_saved_state_that_is_damaged_is_found_by_verifying() {
    let (setting, _) = finished();
    flip(&setting.path(CELL).join("state.safetensors"));
    setting.expect(0, &["report", "results/small"]); // which does not read it
    let verified = setting.expect(3, &["verify", "results/small"]);
    insta::assert_snapshot!(verified.stdout, @"
    cells/cow/adam/seed-0/state.safetensors does not match its digest
    4 cells: 3 as the run left them, 1 damaged
    Running the experiment again repairs what is damaged.
    ");
}

/// Bytes that nobody sees at once: in published figures, and in what the experiment was.
#[test]
fn files_about_all_cells_are_verified_and_reported_without() {
    let setting = Setting::new();
    setting.write("table.csv", "prompt,adam\nbicycle,40.59\n");
    setting.write("small.toml", &SMALL.replacen("name = ", "published = 'table.csv'\nname = ", 1));
    setting.expect(0, &["small.toml", "--quiet"]);
    let folder = setting.path("results/small");
    fs::write(folder.join("published.csv"), "prompt,adam\nbicycle,41.59\n").unwrap();
    fs::write(folder.join("environment.json"), "{").unwrap();
    let reported = setting.expect(3, &["report", "results/small"]);
    assert!(reported.stdout.contains("published.csv: is damaged"), "{}", reported.stdout);
    assert!(reported.stdout.contains("environment.json: is not a record"), "{}", reported.stdout);
    assert!(reported.stdout.contains("4 of 4 cells finished"), "{}", reported.stdout);
    setting.expect(3, &["verify", "results/small"]);
    setting.expect(0, &["small.toml"]);
    setting.expect(0, &["verify", "results/small"]);
}

/// Records as the version before digests wrote them.
#[test]
fn records_without_digests_are_read_and_not_computed_again() {
    let (setting, whole) = finished();
    for name in ["plan.toml", "labels.toml", "cells/cow/adam/seed-0/cell.toml"] {
        let path = setting.path("results/small").join(name);
        let text = fs::read_to_string(&path).unwrap();
        let body = text.splitn(3, '\n').nth(2).unwrap();
        fs::write(&path, body.split("\n[files]\n").next().unwrap()).unwrap();
    }
    let verified = setting.expect(0, &["verify", "results/small"]);
    let said = "4 cells: 3 as the run left them, 1 without digests, as older versions wrote them\n";
    assert_eq!(verified.stdout, said);
    let ran = setting.expect(0, &["small.toml"]);
    assert!(ran.stderr.contains("4 cells, 0 to compute"), "{}", ran.stderr);
    assert_same(&whole, &results(&setting.path("results/small")));
}

#[test]
fn records_of_a_newer_version_are_named_and_not_overwritten() {
    let (setting, _) = finished();
    let path = setting.path(CELL).join("cell.toml");
    let newer = fs::read_to_string(&path).unwrap().replacen("format = 3", "format = 4", 1);
    fs::write(&path, &newer).unwrap();
    let reported = setting.expect(3, &["report", "results/small"]);
    assert!(reported.stdout.contains("a newer version of this program"), "{}", reported.stdout);
    let ran = setting.expect(1, &["small.toml"]);
    assert!(ran.stderr.contains("newer version of this program"), "{}", ran.stderr);
    assert_eq!(fs::read_to_string(&path).unwrap(), newer);
}

/// What a run that goes on writes into a folder that is gone would be half a results folder.
#[cfg(unix)]
#[test]
fn a_results_folder_that_is_removed_ends_its_run_and_is_not_made_again() {
    let setting = Setting::new();
    setting.write("small.toml", &SMALL.replace("iterations = 4", "iterations = 90000"));
    let mut command = setting.command(&["small.toml", "--out", "gone"]);
    let child =
        command.stdout(std::process::Stdio::null()).stderr(std::process::Stdio::piped()).spawn().unwrap();
    let folder = setting.path("gone");
    while !folder.join("cells/bicycle/sgd/seed-0/state.safetensors").is_file() {
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    fs::rename(&folder, setting.path("elsewhere")).unwrap(); // at once, as no removal is
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("the results folder `gone` was removed"), "{said}");
    assert!(!folder.exists());
}

/// The image of a prompt decides a dream as its text does.
#[test]
fn the_images_of_prompts_are_verified_and_put_back() {
    let setting = Setting::new();
    let with_image = "[\"bicycle\", { text = \"cow\", image = \"a.png\" }]";
    setting.write("small.toml", &SMALL.replace("[\"bicycle\", \"cow\"]", with_image));
    image::RgbImage::from_pixel(40, 40, image::Rgb([9, 90, 200])).save(setting.path("a.png")).unwrap();
    setting.expect(0, &["small.toml", "--quiet"]);
    setting.expect(0, &["verify", "results/small"]);
    let folder = fs::read_dir(setting.path("results/small/inputs")).unwrap().next().unwrap().unwrap().path();
    let kept = folder.join("a.png");
    let before = fs::read(&kept).unwrap();
    for (name, harm) in HARMS {
        harm(&kept);
        let verified = setting.expect(3, &["verify", "results/small"]).stdout;
        assert!(verified.contains("inputs/") && verified.contains("a.png"), "{name}: {verified}");
        fs::write(&kept, &before).unwrap();
    }
    remove(&kept);
    setting.expect(0, &["small.toml", "--quiet"]);
    assert_eq!(fs::read(&kept).unwrap(), before);
    setting.expect(0, &["verify", "results/small"]);
}
