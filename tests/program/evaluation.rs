//! Tests of the judges' records, and of when images are judged again.

use std::fs;
use std::process::Command;
use std::time::SystemTime;

use crate::setting::{SMALL, Setting, assert_same, results};

const CELLS: [&str; 4] = ["bicycle/sgd", "bicycle/adam", "cow/sgd", "cow/adam"];

fn record(setting: &Setting, cell: &str) -> toml::Table {
    let path = setting.path(&format!("results/small/cells/{cell}/seed-0/evaluation.toml"));
    fs::read_to_string(path).unwrap().parse().unwrap()
}

fn written(setting: &Setting) -> Vec<SystemTime> {
    let path = |cell: &&str| setting.path(&format!("results/small/cells/{cell}/seed-0/evaluation.toml"));
    CELLS.iter().map(|cell| fs::metadata(path(cell)).unwrap().modified().unwrap()).collect()
}

#[test]
fn every_final_image_is_judged_when_the_run_ends() {
    let setting = Setting::new();
    setting.write("small.toml", &format!("{SMALL}\n[evaluation.segments]\ncow = \"bird\"\n"));
    setting.expect(0, &["small.toml"]);
    for cell in CELLS {
        let judged = record(&setting, cell);
        let right = if cell.starts_with("cow") { "cattle" } else { "bicycle" };
        assert_eq!(judged["right_label"].as_str(), Some(right));
        assert_eq!(judged["label_set"].as_str(), Some("CIFAR-100"));
        for by in ["perceptor", "judge"] {
            let nearest = judged[by]["nearest"].as_array().unwrap();
            let shares: Vec<f64> =
                nearest.iter().map(|guess| guess["probability"].as_float().unwrap()).collect();
            assert!(shares.len() == 5 && shares.is_sorted_by(|a, b| a >= b), "{shares:?}");
            let rank = judged[by]["right"]["rank"].as_integer().unwrap();
            assert!((1..=100).contains(&rank));
            let first = nearest[0]["label"].as_str() == Some(right);
            assert_eq!(first, rank == 1);
        }
        // The cell's own similarity is of the same image and text, by the same ruler.
        let similarity = similarity_averaged(&setting, cell);
        let perceptors = judged["perceptor"]["similarity"].as_float().unwrap();
        assert!((similarity - perceptors).abs() < 1e-6, "{similarity} {perceptors}");
        let judges = judged["judge"]["similarity"].as_float().unwrap();
        assert!((similarity - judges).abs() > 1e-3, "the judge is the perceptor");

        let expected = if cell.starts_with("cow") { "bird" } else { "bicycle" };
        assert_eq!(judged["segments"]["expected"].as_str(), Some(expected));
        let mask = image::open(setting.path(&format!("results/small/cells/{cell}/seed-0/mask.png"))).unwrap();
        let covered = |index: u8| {
            let color = records::voc_color(index);
            let pixels = mask.to_rgb8();
            pixels.pixels().filter(|pixel| pixel.0 == color).count() as f64 / 256.0
        };
        let shares = judged["segments"]["shares"].as_array().unwrap();
        let sum: f64 = shares.iter().map(|share| share["share"].as_float().unwrap()).sum();
        assert!((sum - 1.0).abs() < 1e-12);
        for share in shares {
            let index = u8::try_from(share["index"].as_integer().unwrap()).unwrap();
            assert_eq!(share["share"].as_float(), Some(covered(index)), "{share}");
        }
    }
}

fn similarity_averaged(setting: &Setting, cell: &str) -> f64 {
    let record = setting.path(&format!("results/small/cells/{cell}/seed-0/cell.toml"));
    let record: toml::Table = fs::read_to_string(record).unwrap().parse().unwrap();
    record["status"]["finished"]["similarity_averaged"].as_float().unwrap()
}

/// A dream in bfloat16 is off by some thousandths by its own perceptor.
#[test]
fn one_ruler_measures_dreams_of_every_precision() {
    let setting = Setting::new();
    setting.write("small.toml", &SMALL.replace("[dream]", "[dream]\nprecision = \"bf16\""));
    setting.expect(0, &["small.toml"]);
    for cell in CELLS {
        let table_2 = similarity_averaged(&setting, cell);
        let judged = record(&setting, cell)["perceptor"]["similarity"].as_float().unwrap();
        assert!((table_2 - judged).abs() < 1e-6, "{cell}: {table_2} {judged}");
    }
}

#[test]
fn only_what_has_changed_is_judged_again() {
    let setting = Setting::new();
    setting.write("small.toml", SMALL);
    setting.expect(0, &["small.toml"]);
    let (first, before) = (written(&setting), results(&setting.path("results/small")));
    setting.expect(0, &["small.toml"]);
    assert_eq!(written(&setting), first, "judged again for nothing");

    // One that is missing, and one of another image: both come back, the others stay.
    let folder = |cell: &str| setting.path(&format!("results/small/cells/{cell}/seed-0"));
    fs::remove_file(folder("cow/adam").join("evaluation.toml")).unwrap();
    fs::remove_file(folder("cow/sgd").join("mask.png")).unwrap();
    setting.expect(0, &["small.toml"]);
    let second = written(&setting);
    assert_eq!(second[..2], first[..2]);
    assert!(second[2] > first[2] && second[3] > first[3]);
    assert_same(&before, &results(&setting.path("results/small")));

    // Other labels are another request, and no other cell.
    let ran = setting.expect(0, &["small.toml", "--set", "evaluation.labels=['bicycle', 'cow', 'cattle']"]);
    assert!(ran.stderr.contains("0 to compute"), "{}", ran.stderr);
    assert!(written(&setting).iter().zip(&second).all(|(now, then)| now > then));
    let judged = record(&setting, "cow/adam");
    assert_eq!(judged["labels"].as_integer(), Some(3));
    assert_eq!(judged["perceptor"]["nearest"].as_array().unwrap().len(), 3);
}

#[test]
fn judges_that_are_not_installed_are_missed_once_and_nothing_else() {
    let setting = Setting::new();
    setting.write("small.toml", SMALL);
    fs::remove_file(setting.path("weights/tiny/judge.safetensors")).unwrap();
    fs::remove_file(setting.path("weights/tiny/segmenter.pth")).unwrap();
    let ran = setting.expect(0, &["small.toml"]);
    for role in ["judge", "segmenter"] {
        let told = format!("the {role} of the model set tiny is not installed");
        assert_eq!(ran.stderr.matches(&told).count(), 1, "{}", ran.stderr);
    }
    let judged = record(&setting, "cow/adam");
    assert!(
        judged.contains_key("perceptor") && !judged.contains_key("judge") && !judged.contains_key("segments")
    );
    assert!(!setting.path("results/small/cells/cow/adam/seed-0/mask.png").exists());
}

#[test]
fn a_model_set_may_name_its_own_labels() {
    let setting = Setting::new();
    setting.write("small.toml", SMALL);
    let path = setting.path("weights/tiny/manifest.toml");
    let manifest = fs::read_to_string(&path).unwrap();
    fs::remove_file(&path).unwrap();
    setting.write(
        "weights/tiny/manifest.toml",
        &manifest.replacen("about =", "labels = [\"apple\", \"bicycle\", \"cow\"]\nabout =", 1),
    );
    setting.expect(0, &["small.toml"]);
    let (bicycle, cow) = (record(&setting, "bicycle/adam"), record(&setting, "cow/adam"));
    assert_eq!(bicycle["label_set"].as_str(), Some("labels of the model set tiny"));
    assert_eq!(bicycle["right_label"].as_str(), Some("bicycle"));
    assert!(!cow.contains_key("right_label")); // it is judged as cattle, which is none of them
}

/// A picture that no run has made.
fn picture(setting: &Setting) -> String {
    let path = setting.path("pictures/sunset.png");
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    let pixel = |x: u32, y: u32| image::Rgb([(x * 9) as u8, (y * 13) as u8, 90]);
    image::RgbImage::from_fn(28, 19, pixel).save(&path).unwrap();
    "pictures/sunset.png".to_owned()
}

#[test]
fn any_image_is_judged_in_three_formats() {
    let setting = Setting::new();
    let image = picture(&setting);
    let prompts = ["--prompt", "a \"red\" <sunset>", "--prompt", &"long ".repeat(30)];
    let judge = |format: &str, labels: &str| {
        let arguments = ["evaluate", &image, "--models", "tiny", "--labels", labels, "--format", format];
        setting.expect(0, &[&arguments[..], &prompts].concat()).stdout
    };
    let json: serde_json::Value = serde_json::from_str(&judge("json", "sun,moon,lawn mower")).unwrap();
    assert_eq!(json["labels"], 3);
    let said = &json["images"][0];
    for by in ["perceptor", "judge"] {
        let nearest = said[by]["nearest"].as_array().unwrap();
        let sum: f64 = nearest.iter().map(|guess| guess["probability"].as_f64().unwrap()).sum();
        assert!(nearest.len() == 3 && (sum - 1.0).abs() < 1e-12, "{nearest:?}");
        assert!(said[by]["prompts"][0]["similarity"].is_number());
    }
    assert!(said["judge"]["prompts"][1]["similarity"].is_null(), "its context has 40 tokens");
    let shares = said["segments"].as_array().unwrap();
    assert!(!shares.is_empty());

    let csv = judge("csv", "sun,moon,lawn mower");
    let mut reader = csv::Reader::from_reader(csv.as_bytes());
    let rows: Vec<Vec<String>> =
        reader.records().map(|row| row.unwrap().iter().map(str::to_owned).collect()).collect();
    assert_eq!(rows.len(), 2 * (3 + 2) + shares.len());
    let percent = format!("{:.4}", 100.0 * said["judge"]["nearest"][0]["probability"].as_f64().unwrap());
    assert!(rows.iter().any(|row| row[1] == "judge" && row[3] == "1" && row[5] == percent), "{csv}");

    let table = judge("table", "cifar-100");
    assert!(
        table.contains("nearest of 100 labels (CIFAR-100)") && table.contains("held-out judge"),
        "{table}"
    );
    assert!(table.contains("with \"a \"red\" <sunset>\": ") && table.contains("too long for it"), "{table}");
}

#[test]
fn what_cannot_be_judged_is_told_before_anything_is() {
    let setting = Setting::new();
    let image = picture(&setting);
    setting.write("pictures/words.png", "no image at all").write("one.txt", "apple\n");
    let judge = |arguments: &[&str]| {
        let all = [&["evaluate", "--models", "tiny"][..], arguments].concat();
        let ran = setting.run(&all);
        assert!(ran.stdout.is_empty() && !ran.stderr.contains("panicked"), "{}", ran.stderr);
        format!("== {}\n{}exit code {}\n", arguments.join(" "), ran.stderr, ran.code.unwrap())
    };
    let image = image.as_str();
    let page = [
        judge(&["pictures/words.png"]),
        judge(&["pictures"]),
        judge(&["missing.jpg"]),
        judge(&[image, "--labels", "apple"]),
        judge(&[image, "--labels", "one.txt"]),
        judge(&[image, "--labels", "apple,apple"]),
        judge(&[image, "--template", "a photo"]),
        judge(&[image, "--labels", &format!("apple,{}", "pear ".repeat(90))]),
    ];
    insta::assert_snapshot!(page.join("\n"));
}

/// The first `length` bytes of a file, in another.
fn cut(setting: &Setting, from: &str, to: &str, length: impl Fn(usize) -> usize) {
    let bytes = fs::read(setting.path(from)).unwrap();
    fs::write(setting.path(to), &bytes[..length(bytes.len())]).unwrap();
}

#[test]
fn one_bad_image_keeps_no_other_from_being_judged() {
    let setting = Setting::new();
    let image = picture(&setting);
    image::open(setting.path(&image)).unwrap().save(setting.path("pictures/whole.jpg")).unwrap();
    cut(&setting, "pictures/whole.jpg", "pictures/half.jpg", |length| length / 2);
    cut(&setting, &image, "pictures/half.png", |length| length / 2);
    setting.write("pictures/words.png", "no image at all");
    let images =
        [&*image, "pictures/half.jpg", "pictures/words.png", "pictures/half.png", "pictures/whole.jpg"];
    let arguments = ["--models", "tiny", "--labels", "sun,moon", "--format", "json"];
    let ran = setting.expect(3, &[&["evaluate"], &images[..], &arguments].concat());
    let json: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    let judged: Vec<_> = json["images"].as_array().unwrap().iter().map(|image| &image["image"]).collect();
    assert_eq!(judged, [&*image, "pictures/whole.jpg"]);
    for bad in &images[1..4] {
        assert!(ran.stderr.contains(&format!("`{bad}` was not judged")), "{}", ran.stderr);
    }
    assert!(ran.stderr.contains("`pictures/half.jpg` is truncated"), "{}", ran.stderr);
}

/// An enlarged picture of every pixel's logits would take 84 bytes a pixel: above a gigabyte here.
#[test]
fn large_and_thin_pictures_are_judged_by_the_segmenter_too() {
    let setting = Setting::new();
    let sizes = [(4000, 3200), (1, 5000), (60_000, 2)];
    for (n, (width, height)) in (0..).zip(sizes) {
        let pixel = |x: u32, y: u32| image::Rgb([(x / 16) as u8, (y / 16) as u8, 90]);
        fs::create_dir_all(setting.path("pictures")).unwrap();
        image::RgbImage::from_fn(width, height, pixel)
            .save(setting.path(&format!("pictures/{n}.png")))
            .unwrap();
    }
    let images = ["pictures/0.png", "pictures/1.png", "pictures/2.png"];
    let arguments = ["--models", "tiny", "--labels", "sun,moon", "--format", "json"];
    let ran = setting.expect(0, &[&["evaluate"], &images[..], &arguments].concat());
    let json: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    for image in json["images"].as_array().unwrap() {
        let shares = image["segments"].as_array().unwrap().iter();
        let sum: f64 = shares.map(|share| share["share"].as_f64().unwrap()).sum();
        assert!((sum - 1.0).abs() < 1e-12, "{image}");
    }
}

/// Peak resident memory of the program in megabytes, as far as it is seen before the program ends,
/// and its exit code.
#[cfg(target_os = "linux")]
fn peak_memory(setting: &Setting, arguments: &[&str]) -> (u64, Option<i32>) {
    use std::process::Stdio;

    let mut program = setting.command(arguments).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let mut peak = 0;
    loop {
        // Empty once the program has ended: what was seen before is the peak up to then.
        let status = fs::read_to_string(format!("/proc/{}/status", program.id())).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kilobytes = line.and_then(|line| line.trim().strip_suffix(" kB")?.parse::<u64>().ok());
        peak = peak.max(kilobytes.unwrap_or(0) / 1000);
        if let Some(status) = program.try_wait().unwrap() {
            return (peak, status.code());
        }
        std::thread::sleep(std::time::Duration::from_millis(2));
    }
}

/// The pictures' logits at their own size would take more than a gigabyte, a small picture takes
/// some 150 MB with libtorch.
#[cfg(target_os = "linux")]
#[test]
fn a_large_picture_takes_little_memory() {
    let setting = Setting::new();
    fs::create_dir_all(setting.path("pictures")).unwrap();
    image::GrayImage::new(6000, 4000).save(setting.path("pictures/large.png")).unwrap();
    image::GrayImage::new(1, 5000).save(setting.path("pictures/thin.png")).unwrap();
    let manifest = fs::read_to_string(setting.path("weights/tiny/manifest.toml")).unwrap();
    let with_side = manifest.replace("[segmenter]", "[segmenter]\nside = 128");
    assert_ne!(manifest, with_side);
    fs::remove_file(setting.path("weights/tiny/manifest.toml")).unwrap();
    setting.write("weights/tiny/manifest.toml", &with_side);
    for picture in ["pictures/large.png", "pictures/thin.png"] {
        let arguments = ["evaluate", picture, "--models", "tiny", "--labels", "sun,moon"];
        let (megabytes, code) = peak_memory(&setting, &arguments);
        assert_eq!(code, Some(0), "{picture}");
        assert!((20..900).contains(&megabytes), "{picture}: {megabytes} MB");
    }
}

#[test]
fn transparent_parts_are_told() {
    let setting = Setting::new();
    let image = picture(&setting);
    let mut hole = image::open(setting.path(&image)).unwrap().into_rgba8();
    hole.get_pixel_mut(5, 5).0[3] = 0;
    hole.save(setting.path("pictures/hole.png")).unwrap();
    let arguments = ["--models", "tiny", "--labels", "sun,moon"];
    let ran = setting.expect(0, &[&["evaluate", &image, "pictures/hole.png"], &arguments[..]].concat());
    assert_eq!(ran.stderr.matches("has transparent parts").count(), 1, "{}", ran.stderr);
    assert!(ran.stderr.contains("`pictures/hole.png` has transparent parts"), "{}", ran.stderr);
}

/// Leaves a model set and results where `DREAMBENCH_KEEP` says, for `tests/reference/zero_shot.py`
/// to judge again.
#[test]
#[ignore = "leaves its files"]
fn keep() {
    let Some(folder) = std::env::var_os("DREAMBENCH_KEEP") else { return };
    let setting = Setting::new();
    setting.write("small.toml", SMALL);
    setting.expect(0, &["small.toml"]);
    fs::create_dir_all(&folder).unwrap();
    for part in ["weights", "results"] {
        let copied = Command::new("cp").arg("-r").arg(setting.path(part)).arg(&folder).status().unwrap();
        assert!(copied.success());
    }
}
