//! What others have written into names, texts and reasons never reaches the terminal as more than
//! text.

use std::fs;

use crate::setting::{Ran, SMALL, Setting};

/// Clears the screen, by both ways to begin a sequence; renames the window; turns the direction.
const HOSTILE: &str = "a\u{1b}[2Jb\u{9b}2Kc\u{1b}]0;title\u{7}d\u{202e}e";
const SHOWN: &str = r"a\u{1b}[2Jb\u{9b}2Kc\u{1b}]0;title\u{7}d\u{202e}e";

fn assert_printable(ran: &Ran) {
    for stream in [&ran.stdout, &ran.stderr] {
        let acted_on = |c: char| !(printable::is_printable(c) || c == '\n' || c == '\t');
        assert!(!stream.contains(acted_on), "{stream:?}");
    }
}

#[test]
fn judged_names_and_texts_are_shown_escaped() {
    let setting = Setting::new();
    let name = format!("{HOSTILE}\nf.png");
    image::RgbImage::new(9, 9).save(setting.path(&name)).unwrap();
    let labels = "sun,b\u{9b}2K\u{202e}e"; // XML's forbidden characters are refused
    for format in ["table", "csv", "json"] {
        let arguments =
            ["evaluate", &name, "missing.png", "--models", "tiny", "--labels", labels, "--prompt", HOSTILE];
        let ran = setting.expect(3, &[&arguments[..], &["--format", format]].concat());
        assert_printable(&ran);
        if format == "json" {
            // Escaped as JSON does it, the texts are what they were.
            let json: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
            assert_eq!(json["images"][0]["image"], *name);
            assert_eq!(json["images"][0]["perceptor"]["prompts"][0]["text"], *HOSTILE);
        } else {
            assert!(ran.stdout.contains(&format!(r"{SHOWN}\nf.png")), "{}", ran.stdout);
            assert!(ran.stdout.contains(r"b\u{9b}2K\u{202e}e"), "{}", ran.stdout);
        }
    }
}

#[test]
fn errors_and_wrong_arguments_are_shown_escaped() {
    let setting = Setting::new();
    setting.write("small.toml", SMALL);
    setting.write("wrong.toml", &SMALL.replace("prompts =", &format!("# {}\npromts =", HOSTILE)));
    let cases: [&[&str]; 6] = [
        &[HOSTILE],
        &["wrong.toml"],
        &["report", HOSTILE],
        &["evaluate", HOSTILE, "--models", "tiny"],
        &["small.toml", "--only", HOSTILE],
        &["small.toml", "--devices", HOSTILE],
    ];
    for arguments in cases {
        let ran = setting.run(arguments);
        assert_ne!(ran.code, Some(0), "{arguments:?}");
        assert_printable(&ran);
        // What is wrong in a value is said by clap, which drops whole sequences.
        let is_quoted = arguments != ["wrong.toml"] && !arguments.contains(&"--devices");
        assert!(!is_quoted || ran.stderr.contains(r"\u{1b}[2J"), "{arguments:?}: {}", ran.stderr);
    }
}

#[test]
fn records_are_compared_and_logged_escaped() {
    let setting = Setting::new();
    setting.write("small.toml", SMALL);
    setting.expect(0, &["small.toml"]);
    assert_printable(&setting.expect(0, &["report", "results/small"]));
    let record = setting.path("results/small/cells/cow/adam/seed-0/cell.toml");
    let text = fs::read_to_string(&record).unwrap();
    let escapes = r"a\u001b[2Jb\u009b2K";
    fs::write(&record, text.replace("device = \"", &format!("device = \"{escapes}"))).unwrap();
    for format in ["table", "csv", "json"] {
        assert_printable(&setting.run(&["compare", "results/small", "results/small", "--format", format]));
    }
    assert_printable(&setting.run(&["small.toml"]));
    let log = fs::read_to_string(setting.path("results/small/run.log")).unwrap();
    assert!(log.chars().all(|c| printable::is_printable(c) || c == '\n'), "{log:?}");
}
