//! Messages for wrong input. All of them on one page: `snapshots/program__messages__messages.snap`.

use std::fmt::Write;
use std::fs;

use crate::setting::{SMALL, Setting};

/// Replacements in [`SMALL`], each with the kind of mistake that it makes.
const EXPERIMENTS: &[(&str, &str, &str)] = &[
    ("an unknown key", "prompts =", "promts ="),
    ("a key in the wrong place", "epochs = 2", "seeds = [1]"),
    ("an unknown dream setting", "iterations = 4", "iteration = 4"),
    ("a dream setting out of range", "iterations = 4", "iterations = 0"),
    ("a value out of range in a list", "cutouts = 4", "cutouts = [4, 9999]"),
    ("a text for a number", "iterations = 4", "iterations = \"4\""),
    ("a fraction for a whole number", "cutouts = 4", "cutouts = 4.5"),
    ("an unknown choice", "cutouts = 4", "interpolation = \"bicubic\""),
    ("an unknown optimizer", "adam = {", "adma = {"),
    ("an unknown optimizer setting", "{ lr = 0.05 }", "{ learning_rate = 0.05 }"),
    ("a learning rate out of range", "lr = 0.1", "lr = -15"),
    ("an optimizer that is no table", "sgd = { lr = 0.1 }", "sgd = 15"),
    ("no optimizers", "[optimizer]\nsgd = { lr = 0.1 }\nadam = { lr = 0.05 }", ""),
    ("an empty table of optimizers", "sgd = { lr = 0.1 }\nadam = { lr = 0.05 }", ""),
    ("an empty list of values", "lr = 0.1", "lr = []"),
    ("a value listed twice", "lr = 0.1", "lr = [0.1, 0.1]"),
    ("a missing key", "prompts = [\"bicycle\", \"cow\"]", ""),
    ("no prompts", "[\"bicycle\", \"cow\"]", "[]"),
    ("a prompt listed twice", "[\"bicycle\", \"cow\"]", "[\"cow\", \"cow\"]"),
    ("an empty prompt", "\"bicycle\"", "\"bicycle |\""),
    ("a prompt with a control character", "\"bicycle\"", "\"a \\big bicycle\""),
    ("a learning rate listed as a whole number and a fraction", "lr = 0.1", "lr = [1, 2, 1.0]"),
    ("a grid that nobody can compute", "iterations = 4\ncutouts = 4", MANY),
    ("a prompt that is neither text nor table", "\"bicycle\"", "7"),
    ("an unknown key of a prompt", "\"bicycle\"", "{ text = \"bicycle\", avoids = \"trees\" }"),
    ("a prompt's image that is not there", "\"bicycle\"", "{ text = \"bicycle\", image = \"no.png\" }"),
    ("a label for no prompt", "cow = \"cattle\"", "cows = \"cattle\""),
    ("an unknown set of labels", "[labels]", "[evaluation]\nlabels = \"cifar\"\n[labels]"),
    ("a single label", "[labels]", "[evaluation]\nlabels = [\"cow\"]\n[labels]"),
    ("a label twice", "[labels]", "[evaluation]\nlabels = [\"cow\", \"cow\"]\n[labels]"),
    ("an empty label", "[labels]", "[evaluation]\nlabels = [\"cow\", \" \"]\n[labels]"),
    ("labels that are no texts", "[labels]", "[evaluation]\nlabels = [\"cow\", 7]\n[labels]"),
    ("an unknown key of the evaluation", "[labels]", "[evaluation]\nlables = [\"cow\", \"bear\"]\n[labels]"),
    ("a segment for no prompt", "[labels]", "[evaluation.segments]\ncows = \"cow\"\n[labels]"),
    ("a negative seed", "prompts =", "seeds = [-1]\nprompts ="),
    ("a template without a place", "prompts =", "template = \"a photo\"\nprompts ="),
    ("a name that is no folder's", "name = \"small\"", "name = \"../small\""),
    ("no model sets", "models = [\"tiny\"]", "models = []"),
    ("an unknown model set", "models = [\"tiny\"]", "models = [\"tyni\"]"),
    (
        "an unknown model set before one that is installed",
        "models = [\"tiny\"]",
        "models = [\"tyni\", \"tiny\"]",
    ),
    ("two unknown model sets", "models = [\"tiny\"]", "models = [\"paper\", \"mini\"]"),
    ("an unknown axis to exclude by", "prompts =", "exclude = [{ prompts = \"cow\" }]\nprompts ="),
    ("an unknown prompt to exclude", "prompts =", "exclude = [{ prompt = \"cows\" }]\nprompts ="),
    ("everything excluded", "prompts =", "exclude = [{ seed = 0 }]\nprompts ="),
    ("published figures that are not there", "prompts =", "published = \"table.csv\"\nprompts ="),
    ("no TOML", "[dream]", "[dream"),
    ("a key given twice", "iterations = 4", "iterations = 4\niterations = 5"),
];

/// Four lists of twenty values.
const MANY: &str = "iterations = 4
cutouts = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20]
loss_coef = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20]
class_temperature = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20]
max_classes = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20]";

/// Arguments that cannot be followed, with an experiment that is fine.
const ARGUMENTS: &[(&str, &[&str])] = &[
    ("no arguments", &[]),
    ("a mistyped command", &["paln", "small.toml"]),
    ("an experiment that is not there", &["smal.toml"]),
    ("a command after its options", &["--only", "cow/*", "plan", "small.toml"]),
    ("an unknown flag", &["small.toml", "--job", "2"]),
    ("--set without a value", &["small.toml", "--set", "seeds"]),
    ("--set of an unknown key", &["small.toml", "--set", "iterations=5"]),
    ("--set below a value", &["small.toml", "--set", "seeds=[1]", "--set", "seeds.first=5"]),
    ("--set of a table where a schedule is one", &["small.toml", "--set", "optimizer.adam.schedule=cosine"]),
    ("--set of another case", &["small.toml", "--set", "optimizer.AdamW={}"]),
    ("--only that matches nothing", &["small.toml", "--only", "bicicle/*"]),
    ("--only that is no pattern", &["small.toml", "--only", "[a"]),
    ("--only with many braces", &["small.toml", "--only", "{{{{{{{{{{{{{{{{{{{{{a}}}}}}}}}}}}}}}}}}}}}"]),
    ("--shard beyond the last", &["small.toml", "--shard", "4/3"]),
    ("--jobs of none", &["small.toml", "--jobs", "0"]),
    ("an unknown device", &["small.toml", "--devices", "gpu"]),
    ("--weights that is no folder of model sets", &["small.toml", "--weights", "no-such-folder"]),
    ("a report of no results folder", &["report", "weights"]),
    ("comparing with no results folder", &["compare", "weights", "weights"]),
    ("an unknown format of a comparison", &["compare", "weights", "weights", "--format", "xml"]),
    ("fetching an unknown model set", &["weights", "fetch", "papers"]),
    ("fetching what has no public source", &["weights", "fetch", "partial"]),
    ("running with a set that is not installed", &["small.toml", "--set", "models=['partial']"]),
    ("with another that there is not", &["small.toml", "--set", "models=['fetched', 'mini']"]),
];

#[test]
fn messages() {
    let mut page = String::new();
    for (mistake, from, to) in EXPERIMENTS {
        assert!(SMALL.contains(from), "{mistake}: nothing to replace");
        let setting = Setting::new();
        setting.write("small.toml", &SMALL.replace(from, to));
        record(&mut page, mistake, &setting, &["small.toml"]);
    }
    for (mistake, arguments) in ARGUMENTS {
        let setting = Setting::new();
        setting.write("small.toml", SMALL);
        let manifest = fs::read_to_string(setting.path("weights/tiny/manifest.toml")).unwrap();
        setting.write("weights/partial/manifest.toml", &manifest.replace("tiny", "partial"));
        let with_url = manifest.replace("\" }", "\", url = \"https://example.org/\" }");
        setting.write("weights/fetched/manifest.toml", &with_url.replace("tiny", "fetched"));
        record(&mut page, mistake, &setting, arguments);
    }
    for (mistake, break_it) in BROKEN {
        let setting = Setting::new();
        setting.write("small.toml", SMALL);
        break_it(&setting);
        record(&mut page, mistake, &setting, &["small.toml"]);
    }
    insta::assert_snapshot!(page);
}

type Broken = (&'static str, fn(&Setting));

/// Files that are not what they should be.
const BROKEN: &[Broken] = &[
    ("weights cut off", |setting| replace(setting, "generator.safetensors", b"\x10\0\0\0\0\0\0\0{")),
    ("weights of another model", |setting| {
        let other = fs::read(setting.path("weights/tiny/perceptor.safetensors")).unwrap();
        replace(setting, "generator.safetensors", &other);
    }),
    ("a generator's config that is none", |setting| replace(setting, "generator.json", b"{}")),
    ("a digest that does not match", |setting| {
        let manifest = fs::read_to_string(setting.path("weights/tiny/manifest.toml")).unwrap();
        let wrong = format!("generator.json\", sha256 = \"{}\"", "0".repeat(64));
        replace(setting, "manifest.toml", manifest.replace("generator.json\"", &wrong).as_bytes());
    }),
    ("a manifest with an unknown key", |setting| {
        let manifest = fs::read_to_string(setting.path("weights/tiny/manifest.toml")).unwrap();
        replace(setting, "manifest.toml", manifest.replace("license", "terms").as_bytes());
    }),
    ("a manifest that leaves its folder", |setting| {
        let manifest = fs::read_to_string(setting.path("weights/tiny/manifest.toml")).unwrap();
        replace(setting, "manifest.toml", manifest.replace("generator.json", "../generator.json").as_bytes());
    }),
    ("an experiment in Latin-1", |setting| {
        let text = SMALL.replace("bicycle", "Fahrr\u{e4}der");
        let latin1: Vec<u8> = text.chars().map(|c| u8::try_from(u32::from(c)).unwrap()).collect();
        fs::write(setting.path("small.toml"), latin1).unwrap();
    }),
    ("an experiment in UTF-16", |setting| {
        let text = format!("\u{feff}{SMALL}");
        let utf16: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        fs::write(setting.path("small.toml"), utf16).unwrap();
    }),
    ("published figures with a character that XML forbids", |setting| {
        setting.write("small.toml", &format!("published = \"table.csv\"\n{SMALL}"));
        setting.write("table.csv", "# somebody, 2022\nprompt,adam,sgd\nbi\u{8}cycle,40.59,1\n");
    }),
    ("a label of a manifest with a character that XML forbids", |setting| {
        let manifest = fs::read_to_string(setting.path("weights/tiny/manifest.toml")).unwrap();
        let labels = "\nlabels = [\"bicycle\", \"co\\u0008w\"]\n[generator]";
        replace(setting, "manifest.toml", manifest.replace("\n[generator]", labels).as_bytes());
    }),
    ("a setting of a manifest that is out of range", |setting| {
        let manifest = fs::read_to_string(setting.path("weights/tiny/manifest.toml")).unwrap();
        let dream = "\ndream.truncation = 7\n[generator]";
        replace(setting, "manifest.toml", manifest.replace("\n[generator]", dream).as_bytes());
    }),
    ("a published figure that is no number", |setting| {
        setting.write("small.toml", &format!("published = \"table.csv\"\n{SMALL}"));
        setting.write("table.csv", "# somebody, 2022\nprompt,adam,sgd\nbicycle,40.59,many\n");
    }),
    ("a results folder that is a file", |setting| {
        setting.write("results/small", "");
    }),
];

/// The model set's files may be linked with those of other tests: they are replaced, not written
/// to.
fn replace(setting: &Setting, name: &str, bytes: &[u8]) {
    let path = setting.path("weights/tiny").join(name);
    fs::remove_file(&path).unwrap();
    fs::write(path, bytes).unwrap();
}

fn record(page: &mut String, mistake: &str, setting: &Setting, arguments: &[&str]) {
    let ran = setting.run(arguments);
    assert!(!ran.stderr.contains("panicked"), "{mistake}:\n{}", ran.stderr);
    assert!(matches!(ran.code, Some(1 | 2)), "{mistake}: {:?}\n{}", ran.code, ran.stderr);
    let code = ran.code.unwrap();
    let _ = write!(page, "== {mistake}: runner {}\n{}exit code {code}\n\n", arguments.join(" "), ran.stderr);
}

#[test]
fn help() {
    let setting = Setting::bare();
    insta::assert_snapshot!(setting.expect(0, &["--help"]).stdout);
}

#[test]
fn completions_are_made_for_every_shell() {
    let setting = Setting::bare();
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let ran = setting.expect(0, &["completions", shell]);
        assert!(ran.stdout.contains("runner") && ran.stdout.contains("shard"), "{shell}");
    }
}

#[test]
fn the_committed_schema_is_current() {
    let committed = concat!(env!("CARGO_MANIFEST_DIR"), "/../../experiments/schema.json");
    let current = Setting::bare().expect(0, &["schema"]).stdout;
    if std::env::var_os("UPDATE_SCHEMA").is_some() {
        fs::write(committed, &current).unwrap();
    }
    let same = fs::read_to_string(committed).unwrap_or_default() == current;
    assert!(
        same,
        "experiments/schema.json is not what `runner schema` prints: UPDATE_SCHEMA=1 cargo test writes it anew"
    );
}

#[test]
fn the_optimizers_experiment_has_24_cells_with_readable_paths() {
    let experiments = concat!(env!("CARGO_MANIFEST_DIR"), "/../../experiments/");
    let setting = Setting::new();
    let listed = |name| {
        setting.expect(0, &["plan", &format!("{experiments}{name}"), "--set", "models=['tiny']"]).stdout
    };
    let cells = listed("optimizers.toml");
    assert_eq!(cells.lines().count(), 24);
    insta::assert_snapshot!(cells.lines().take(7).collect::<Vec<_>>().join("\n"), @"
    bicycle/adadelta/seed-0
    bicycle/sgd/seed-0
    bicycle/adam/seed-0
    bicycle/rmsprop/seed-0
    bicycle/adamw/seed-0
    bicycle/adagrad/seed-0
    chair/adadelta/seed-0
    ");
    insta::assert_snapshot!(listed("prompts.toml"), @"
    a-bear-in-the-forest/adam/seed-0
    a-bear-in-woods/adam/seed-0
    a-bear-living-in-woods/adam/seed-0
    ");
    assert_eq!(listed("objects.toml").lines().count(), 6);
}

/// The report's settings, as it states them.
#[test]
fn the_optimizers_experiment_has_the_reports_settings() {
    let text = include_str!("../../experiments/optimizers.toml");
    let experiment = experiment::Experiment::parse("optimizers.toml", text).unwrap();
    let rates: Vec<String> = experiment
        .optimizers
        .iter()
        .map(|one| toml::Table::try_from(&one.settings).unwrap())
        .map(|table| table.into_iter().map(|(name, settings)| format!("{name} {}", settings["lr"])).collect())
        .collect();
    let expected = ["adadelta 50.0", "sgd 15.0", "adam 0.05", "rmsprop 0.05", "adamw 0.03", "adagrad 0.3"];
    assert_eq!(rates, expected);
    let dream = &experiment.dreams[0].settings;
    assert_eq!((dream.epochs, dream.iterations, dream.cutouts), (10, 200, 128));
    assert_eq!((dream.ema_decay, dream.loss_coef, dream.gradient_accumulation), (0.99, 100.0, 1));
    assert_eq!(experiment.seeds.of_prompt(0), [0]);
}
