//! What makes a cell the same cell: not its spelling, not its place, not what it is compared with.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use experiment::Experiment;
use experiment::plan::Plan;
use model_sets::ModelSets;

use crate::setting::{SMALL, Setting, assert_same, results};

fn with_adam(lr: &str) -> String {
    SMALL.replace("lr = 0.05", &format!("lr = {lr}"))
}

/// Every trace, which has the time that each step took: no step was taken again where these are as
/// they were.
fn traces(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(traces(&path));
        } else if path.file_name().unwrap() == "trace.csv" {
            found.push(fs::read_to_string(path).unwrap());
        }
    }
    found.sort();
    found
}

#[test]
fn a_grid_that_grows_and_shrinks_computes_what_is_new() {
    let setting = Setting::new();
    let run = |lr: &str, out: &str| {
        setting.write("small.toml", &with_adam(lr));
        setting.expect(0, &["small.toml", "--out", out]).stderr
    };
    run("[0.05, 0.1]", "fresh");
    run("0.05", "out");
    let before = traces(&setting.path("out"));

    let grown = run("[0.05, 0.1]", "out");
    assert!(grown.contains("2 cells that are called otherwise now: moved, not computed again"), "{grown}");
    assert!(grown.contains("6 cells, 2 to compute"), "{grown}");
    assert_same(&results(&setting.path("fresh")), &results(&setting.path("out")));
    let after = traces(&setting.path("out"));
    assert!(before.iter().all(|trace| after.contains(trace)), "no step is taken twice");
    assert!(!setting.path("out/cells/cow/adam").exists());

    let respelled = run("[5e-2, 0.10]", "out");
    assert!(respelled.contains("6 cells, 0 to compute") && !respelled.contains("moved"), "{respelled}");

    let shrunk = run("0.1", "out");
    assert!(shrunk.contains("4 cells, 0 to compute"), "{shrunk}");
    let unused = "not in the experiment, and kept in `out/cells`: 2 cells \
                  (bicycle/adam-lr-0.05/seed-0, cow/adam-lr-0.05/seed-0)";
    assert!(shrunk.contains(unused), "{shrunk}");

    // Their place is that of the others now.
    let other = run("0.05", "out");
    assert!(other.contains("4 cells, 0 to compute"), "{other}");
    let whole = run("[0.05, 0.1]", "out");
    assert!(whole.contains("6 cells, 0 to compute") && !whole.contains("kept in"), "{whole}");
    assert_same(&results(&setting.path("fresh")), &results(&setting.path("out")));
    assert_eq!(traces(&setting.path("out")), after);
}

#[test]
fn numbers_are_the_same_however_they_are_written() {
    let setting = Setting::new();
    setting.write("small.toml", &with_adam("[10, 15]"));
    setting.expect(0, &["small.toml", "--only", "cow/*"]);
    // As if an older version had written it, in whose paths were the numbers as they stood in the
    // file.
    let cells = setting.path("results/small/cells/cow");
    fs::rename(cells.join("adam-lr-15"), cells.join("adam-lr-15.0")).unwrap();
    let again =
        setting.expect(0, &["small.toml", "--only", "cow/*", "--set", "optimizer.adam.lr=[1e1, 15.0]"]);
    assert!(again.stderr.contains("3 cells, 0 to compute"), "{}", again.stderr);
    assert!(cells.join("adam-lr-10").is_dir() && cells.join("adam-lr-15").is_dir());
    assert!(!cells.join("adam-lr-15.0").exists());
}

#[test]
fn another_label_or_template_takes_no_step() {
    for (key, change) in [("labels.bicycle", "labels.bicycle=motorcycle"), ("template", "template={} alone")]
    {
        let setting = Setting::new();
        setting.write("small.toml", SMALL);
        setting.expect(0, &["small.toml", "--set", change, "--out", "fresh"]);
        setting.expect(0, &["small.toml", "--out", "out"]);
        let before = traces(&setting.path("out"));
        let changed = setting.expect(0, &["small.toml", "--set", change, "--out", "out"]).stderr;
        let count = if key == "template" { 4 } else { 2 };
        let told = format!("4 cells, 0 to compute, {count} to compare with other texts");
        assert!(changed.contains(&told), "{changed}");
        assert_same(&results(&setting.path("fresh")), &results(&setting.path("out")));
        assert_eq!(traces(&setting.path("out")), before, "no step is taken again");
        let again = setting.expect(0, &["small.toml", "--set", change, "--out", "out"]).stderr;
        assert!(again.contains("4 cells, 0 to compute, with"), "{again}");
    }
}

/// Before the digest of a dream was one of the dream alone.
#[test]
fn records_of_format_0_are_taken_over() {
    let setting = Setting::new();
    setting.write("small.toml", SMALL);
    setting.expect(0, &["small.toml", "--out", "out"]);
    setting.expect(0, &["small.toml", "--set", "labels.cow=bison", "--out", "fresh"]);
    let (before, expected) = (traces(&setting.path("out")), results(&setting.path("fresh")));
    let set = ModelSets::at(setting.path("weights")).first_installed(&["tiny".to_owned()]).unwrap();
    let experiment = Experiment::parse("small.toml", SMALL).unwrap();
    for cell in Plan::new(&experiment, &set.identity().unwrap()).unwrap().cells {
        let folder = setting.path("out/cells").join(&cell.id);
        let former = cell.former_digest(&cell.judged_text());
        let text = fs::read_to_string(folder.join("cell.toml")).unwrap();
        let mut record: toml::Table = text.parse().unwrap();
        for key in ["format", "sha256", "files", "judged_text", "former_digest"] {
            record.remove(key);
        }
        assert_eq!(record.insert("digest".into(), former.clone().into()), Some(cell.digest.clone().into()));
        fs::write(folder.join("cell.toml"), record.to_string()).unwrap();
        replace_digest(&folder.join("state.safetensors"), &cell.digest, &former);
    }
    // First as they are, then with another label, for which the saved states are needed.
    let same = setting.expect(0, &["small.toml", "--out", "out"]).stderr;
    assert!(same.contains("4 cells, 0 to compute, with"), "{same}");
    let changed = setting.expect(0, &["small.toml", "--set", "labels.cow=bison", "--out", "out"]).stderr;
    assert!(changed.contains("4 cells, 0 to compute, 2 to compare with other texts"), "{changed}");
    let without_states = |files: BTreeMap<String, Vec<u8>>| -> BTreeMap<String, Vec<u8>> {
        files.into_iter().filter(|(path, _)| !path.ends_with("state.safetensors")).collect()
    };
    assert_same(&without_states(expected), &without_states(results(&setting.path("out"))));
    assert_eq!(traces(&setting.path("out")), before, "no step is taken again");
}

fn replace_digest(path: &Path, from: &str, to: &str) {
    let mut bytes = fs::read(path).unwrap();
    let at = bytes.windows(from.len()).position(|window| window == from.as_bytes()).unwrap();
    bytes[at..at + from.len()].copy_from_slice(to.as_bytes());
    fs::write(path, bytes).unwrap();
}

const WITH_IMAGE: &str = r#"
name = "pictured"
models = ["tiny"]
prompts = [{ text = "cow", image = "pictures/a cow.png" }]

[dream]
epochs = 1
iterations = 4
cutouts = 4

[optimizer]
adam = { lr = 0.05 }
"#;

fn picture(path: &Path, shade: u8) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    image::RgbImage::from_fn(20, 16, |x, y| image::Rgb([x as u8 * 12, y as u8 * 15, shade]))
        .save(path)
        .unwrap();
}

#[test]
fn a_prompts_image_is_beside_the_experiment_and_travels_with_the_results() {
    let setting = Setting::new();
    setting.write("study/pictured.toml", WITH_IMAGE);
    picture(&setting.path("study/pictures/a cow.png"), 100);
    setting.expect(0, &["plan", "study/pictured.toml"]);
    let first = setting.expect(0, &["study/pictured.toml", "--out", "out"]).stderr;
    assert!(first.contains("1 cell, 1 to compute"), "{first}");
    let cell = fs::read_dir(setting.path("out/cells")).unwrap().next().unwrap().unwrap().file_name();
    let cell = cell.to_str().unwrap().to_owned();
    assert!(cell.starts_with("cow-like-a-cow-") && !cell.contains("pictures"), "{cell}");

    // The results alone, elsewhere, can be run again: nothing is missing, nothing is computed.
    fs::remove_dir_all(setting.path("study")).unwrap();
    fs::create_dir_all(setting.path("moved")).unwrap();
    fs::rename(setting.path("out"), setting.path("moved/out")).unwrap();
    let again = setting.expect(0, &["moved/out/experiment.toml", "--out", "moved/out"]).stderr;
    assert!(again.contains("1 cell, 0 to compute") && !again.contains("kept in"), "{again}");
    setting.expect(0, &["moved/out/experiment.toml", "--out", "fresh"]);
    assert_same(&results(&setting.path("moved/out")), &results(&setting.path("fresh")));

    // The same image by another name is the same dream, another image by the same name is not.
    setting.write("pictured.toml", &WITH_IMAGE.replace("pictures/a cow.png", "renamed.png"));
    picture(&setting.path("renamed.png"), 100);
    let renamed = setting.expect(0, &["pictured.toml", "--out", "fresh"]).stderr;
    assert!(renamed.contains("1 cell, 0 to compute") && renamed.contains("moved"), "{renamed}");
    picture(&setting.path("renamed.png"), 101);
    let other = setting.expect(0, &["pictured.toml", "--out", "fresh"]).stderr;
    assert!(other.contains("1 cell, 1 to compute") && other.contains("kept in"), "{other}");
}

/// In whose folder's name is the path, and in whose record is no text that was judged.
#[test]
fn a_prompt_with_an_image_of_format_0_is_found() {
    let setting = Setting::new();
    setting.write("pictured.toml", WITH_IMAGE);
    picture(&setting.path("pictures/a cow.png"), 100);
    setting.expect(0, &["pictured.toml", "--out", "out"]);
    let cells = setting.path("out/cells");
    let place = fs::read_dir(&cells).unwrap().next().unwrap().unwrap().path();
    let record = place.join("adam/seed-0/cell.toml");
    let mut table: toml::Table = fs::read_to_string(&record).unwrap().parse().unwrap();
    for key in ["format", "sha256", "files", "judged_text"] {
        table.remove(key);
    }
    let mut experiment = Experiment::parse("pictured.toml", WITH_IMAGE).unwrap();
    experiment.read_images(&setting.path("")).unwrap();
    let set = ModelSets::at(setting.path("weights")).first_installed(&["tiny".to_owned()]).unwrap();
    let cell = Plan::new(&experiment, &set.identity().unwrap()).unwrap().cells.remove(0);
    table.insert("digest".into(), cell.former_digest(&cell.judged_text()).into());
    table.insert("prompt".into(), "cow, like pictures/a cow.png".into());
    fs::write(&record, table.to_string()).unwrap();
    fs::rename(&place, cells.join("cow-like-pictures-a-cow-png~12345678")).unwrap();
    let again = setting.expect(0, &["pictured.toml", "--out", "out"]).stderr;
    assert!(again.contains("1 cell, 0 to compute") && !again.contains("kept in"), "{again}");
    assert!(record.is_file(), "it is where it is to be");
}

#[test]
fn images_that_are_none_are_told_before_anything_is_computed() {
    let setting = Setting::new();
    setting.write("pictured.toml", WITH_IMAGE);
    let path = setting.path("pictures/a cow.png");
    picture(&path, 100);
    let whole = fs::read(&path).unwrap();
    let refused = |what: &str| {
        for arguments in [&["plan", "pictured.toml"][..], &["pictured.toml"]] {
            let told = setting.expect(1, arguments).stderr;
            assert!(told.contains("the image of prompt 1, `cow`, cannot be used"), "{what}: {told}");
            assert!(told.contains("pictures/a cow.png"), "{what}: {told}");
            assert!(
                told.contains("a path from the experiment's folder to a PNG or JPEG file"),
                "{what}: {told}"
            );
        }
        assert!(!setting.path("results").exists(), "{what}");
    };
    fs::write(&path, b"GIF89a\x01\x00\x01\x00\x00\x00\x00;").unwrap();
    refused("a GIF");
    fs::write(&path, &whole[..whole.len() / 2]).unwrap();
    refused("half a file");
    fs::write(&path, b"").unwrap();
    refused("nothing");
    fs::remove_file(&path).unwrap();
    refused("no file");
    fs::create_dir(&path).unwrap();
    refused("a folder");
    fs::remove_dir(&path).unwrap();
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink("/dev/zero", &path).unwrap();
        refused("a device");
        fs::remove_file(&path).unwrap();
        assert!(setting.shell("mkfifo 'pictures/a cow.png'").success());
        refused("a pipe");
    }
}
