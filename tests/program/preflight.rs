//! Everything is read, tokenized and opened before the first step, and in `plan`.

use std::fmt::Write;
use std::fs;

use crate::setting::{SMALL, Setting};

/// Replaces a part of [`SMALL`] in a fresh setting.
fn with(from: &str, to: &str) -> Setting {
    assert!(SMALL.contains(from), "nothing to replace: {from}");
    let setting = Setting::new();
    setting.write("small.toml", &SMALL.replace(from, to));
    setting
}

/// What `plan` says, once it is known that a run says the same and computes nothing.
fn refusal(setting: &Setting) -> String {
    let planned = setting.expect(1, &["plan", "small.toml", "--devices", "cpu"]);
    let ran = setting.expect(1, &["small.toml", "--devices", "cpu"]);
    assert_eq!(planned.stderr, ran.stderr);
    assert!(!setting.path("results").exists(), "something was computed");
    planned.stderr
}

/// Replaces a file of the model set, which may be linked with those of other tests.
fn replace(setting: &Setting, name: &str, bytes: &[u8]) {
    let path = setting.path("weights/tiny").join(name);
    fs::remove_file(&path).unwrap();
    fs::write(path, bytes).unwrap();
}

/// 25 words, which the judge of the tiny set reads letter by letter.
fn long() -> String {
    ["snow"; 25].join(" ")
}

#[test]
fn faults_are_told_together_with_their_places() {
    let edits: [(&str, &str, String); 9] = [
        ("a class name too long for the judge", "cow = \"cattle\"", format!("cow = \"{}\"", long())),
        ("a part of a prompt too long", "\"bicycle\"", format!("\"bicycle | {}\"", ["snow"; 90].join(" "))),
        (
            "a text to avoid too long",
            "\"bicycle\"",
            format!("{{ text = \"bicycle\", avoid = \"{}\" }}", ["snow"; 90].join(" ")),
        ),
        ("an empty text to avoid", "\"bicycle\"", "{ text = \"bicycle\", avoid = \"trees |\" }".to_owned()),
        (
            "a template too long",
            "prompts =",
            format!("template = \"{} {{}}\"\nprompts =", ["snow"; 90].join(" ")),
        ),
        (
            "a label too long",
            "[labels]",
            format!("[evaluation]\nlabels = [\"cow\", \"bear\", \"{}\"]\n[labels]", long()),
        ),
        (
            "prompts that are one to CLIP",
            "[\"bicycle\", \"cow\"]",
            "[\"Cow\", \"1233\", \"cow\", \"12 33\"]".to_owned(),
        ),
        (
            "labels that are one to CLIP",
            "[labels]",
            "[evaluation]\nlabels = [\"cow\", \"bear\", \"COW\"]\n[labels]".to_owned(),
        ),
        (
            "settings that the models and devices do not have",
            "cutouts = 4",
            "cutouts = 4\nprecision = [\"fp32\", \"tf32\"]\nmax_classes = [5, 11]".to_owned(),
        ),
    ];
    let mut page = String::new();
    for (fault, from, to) in edits {
        let _ = writeln!(page, "== {fault}\n{}", refusal(&with(from, &to)));
    }
    insta::assert_snapshot!(page);
}

#[test]
fn prompts_that_differ_in_what_is_avoided_are_two() {
    let setting = with("[\"bicycle\", \"cow\"]", "[\"cow\", { text = \"cow\", avoid = \"trees\" }]");
    setting.expect(0, &["plan", "small.toml"]);
}

#[test]
fn only_selected_cells_need_a_device_for_their_precision() {
    let setting = with("cutouts = 4", "cutouts = 4\nprecision = [\"fp32\", \"tf32\"]");
    setting.expect(0, &["plan", "small.toml", "--devices", "cpu", "--only", "*fp32*"]);
}

#[test]
fn a_damaged_judge_or_segmenter_is_found_before_the_first_step() {
    for (role, file) in [("judge", "judge.safetensors"), ("segmenter", "segmenter.pth")] {
        let setting = with("name", "name");
        let whole = fs::read(setting.path("weights/tiny").join(file)).unwrap();
        let other = fs::read(setting.path("weights/tiny/generator.safetensors")).unwrap();
        for wrong in [&whole[..whole.len() - 7], &other[..]] {
            replace(&setting, file, wrong);
            let said = refusal(&setting);
            assert!(said.contains(&format!("the {role} of the model set `tiny` cannot be loaded")), "{said}");
        }
    }
}

#[test]
fn a_manifest_with_kinds_of_other_roles_is_refused() {
    let setting = with("name", "name");
    let manifest = fs::read_to_string(setting.path("weights/tiny/manifest.toml")).unwrap();
    for (right, wrong) in [("biggan-deep", "clip"), ("deeplabv3", "deeplab"), ("clip", "biggan-deep")] {
        let edited = manifest.replacen(&format!("\"{right}\""), &format!("\"{wrong}\""), 1);
        replace(&setting, "manifest.toml", edited.as_bytes());
        let said = refusal(&setting);
        assert!(said.contains(&format!("did you mean `{right}`?")), "{said}");
        assert!(said.contains("manifest.toml`: the "), "{said}");
    }
}

#[test]
fn a_file_where_results_should_be_is_found_before_the_first_step() {
    for name in ["results/small/tables", "results/small/cells/cow/adam", "results/small/tensorboard"] {
        let setting = with("name", "name");
        setting.write(name, "");
        let ran = setting.expect(1, &["small.toml", "--tensorboard"]);
        assert!(ran.stderr.contains(&format!("`{name}` is not a folder")), "{}", ran.stderr);
        assert!(!setting.path("results/small/cells/bicycle").exists(), "something was computed");
    }
}

/// Leaves the perceptor's activation, the first of the manifest, unsaid, or says another.
fn with_activation(line: &str) -> Setting {
    let setting = with("epochs = 2", "epochs = 1");
    let manifest = fs::read_to_string(setting.path("weights/tiny/manifest.toml")).unwrap();
    let edited = manifest.replacen("activation = \"quick-gelu\"\n", line, 1);
    assert_ne!(manifest, edited);
    replace(&setting, "manifest.toml", edited.as_bytes());
    setting
}

/// No tensor tells it, and the wrong one gives wrong embeddings without a word.
#[test]
fn an_activation_that_nothing_tells_is_asked_for() {
    let setting = with_activation("");
    let refusal = refusal(&setting).split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(refusal.contains("nothing tells the activation of the CLIP"), "{refusal}");
    assert!(refusal.contains("`activation = \"gelu\"`"), "{refusal}");
    image::RgbImage::new(4, 4).save(setting.path("a.png")).unwrap();
    let judged = setting.expect(1, &["evaluate", "a.png", "--models", "tiny", "--devices", "cpu"]);
    assert!(judged.stderr.contains("`[perceptor]`"), "{}", judged.stderr);
}

#[test]
fn another_activation_makes_other_cells() {
    let setting = with_activation("activation = \"gelu\"\n");
    setting.expect(0, &["small.toml", "--devices", "cpu", "--only", "bicycle/adam*/**", "--quiet"]);
    let digest = |folder: &str| {
        let cell = setting.path(folder).join("cells/bicycle/adam/seed-0/cell.toml");
        let cell = fs::read_to_string(cell).unwrap();
        cell.lines().find(|line| line.starts_with("digest")).unwrap().to_owned()
    };
    let manifest = fs::read_to_string(setting.path("weights/tiny/manifest.toml")).unwrap();
    replace(&setting, "manifest.toml", manifest.replace("\"gelu\"", "\"quick-gelu\"").as_bytes());
    let only = ["--only", "bicycle/adam*/**", "--quiet", "--out", "quick"];
    setting.expect(0, &[&["small.toml", "--devices", "cpu"], &only[..]].concat());
    assert_ne!(digest("results/small"), digest("quick"));
}

#[test]
fn only_a_clip_has_an_activation() {
    let setting = with_activation("activation = \"relu\"\n");
    let refused = setting.expect(1, &["plan", "small.toml"]).stderr;
    assert!(refused.contains("`quick-gelu` or `gelu`"), "{refused}");
    let manifest = fs::read_to_string(setting.path("weights/tiny/manifest.toml")).unwrap();
    let edited =
        manifest.replace("\"relu\"", "\"gelu\"").replace("[segmenter]", "[segmenter]\nactivation = \"gelu\"");
    replace(&setting, "manifest.toml", edited.as_bytes());
    let refused = setting.expect(1, &["plan", "small.toml"]).stderr;
    assert!(refused.contains("no segmenter has one"), "{refused}");
}

/// A fault that a `--set` brought is shown there, not in a text that nobody wrote.
#[test]
fn faults_of_a_set_point_into_it() {
    let setting = with("epochs = 2", "epochs = 1");
    let refused = |set: &str| {
        let plan = ["plan", "small.toml", "--devices", "cpu", "--set", set];
        setting.expect(1, &plan).stderr
    };
    let twice = refused("prompts=[\"Cow\", \"cow\"]");
    assert!(twice.contains("[--set:1:10]") && !twice.contains("with --set"), "{twice}");
    let classes = refused("dream.max_classes=11");
    assert!(classes.contains("[--set:1:19]"), "{classes}");
    let also = ["plan", "small.toml", "--set", "dream.cutouts=2", "--set", "evaluation.template=x {}"];
    setting.write("small.toml", &SMALL.replace("\"bicycle\"", &format!("\"{}\"", ["snow"; 90].join(" "))));
    let in_file = setting.expect(1, &also).stderr;
    assert!(in_file.contains("[small.toml:4:"), "{in_file}");
}

#[test]
fn prompts_with_one_image_at_two_paths_are_listed_twice() {
    let prompts = "[{ text = \"bicycle\", image = \"a.png\" }, { text = \"Bicycle\", image = \"b.png\" }]";
    let setting = with("[\"bicycle\", \"cow\"]", prompts);
    setting.write(
        "small.toml",
        &SMALL.replace("[\"bicycle\", \"cow\"]", prompts).replace("[labels]\ncow = \"cattle\"", ""),
    );
    let image = |name: &str, gray| {
        image::RgbImage::from_pixel(9, 9, image::Rgb([gray; 3])).save(setting.path(name)).unwrap();
    };
    image("a.png", 7);
    image("b.png", 7);
    let refused = refusal(&setting).split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(refused.contains("the same tokens and the same image to the perceptor"), "{refused}");
    image("b.png", 8);
    setting.expect(0, &["plan", "small.toml", "--devices", "cpu"]);
}

#[test]
fn line_feeds_in_names_of_files_are_shown_escaped() {
    let setting = with("epochs = 2", "epochs = 1");
    for arguments in [
        &["plan", "no\nerror.toml"][..],
        &["report", "no\nerror"],
        &["evaluate", "no\nerror.png", "--models", "tiny"],
    ] {
        let said = setting.run(arguments).stderr;
        assert!(said.contains(r"no\nerror") && !said.contains("no\nerror"), "{arguments:?}: {said}");
    }
}
