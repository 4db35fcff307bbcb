//! The page.

use std::env;
use std::io::Write as _;
use std::process::Command;

use super::*;
use crate::fixture::python_of_checks;

#[test]
fn the_page_shows_everything_and_asks_for_nothing() {
    let results = Grid { steps: 60, ..Grid::table_2() }.write();
    results.end(
        "bicycle/sgd/seed-0",
        CellStatus::Diverged { at_step: 41, seconds: 1.0, similarity_initial: None },
    );
    results.end(
        "cow/adam/seed-0",
        CellStatus::Failed { reason: "out of memory\ncaused by: the <device>".into() },
    );
    build(results.path()).unwrap();
    let page = results.text("report.html");
    assert_eq!(page.matches("class=\"card\"").count(), 24);
    assert_eq!(page.matches("alt=\"Image for ").count(), 22);
    assert!(page.contains("diverged at step 41") && page.contains("caused by: the &lt;device&gt;"));
    assert!(page.contains("default-src &#x27;none&#x27;") || page.contains("default-src 'none'"));
    for address in ["http:", "https:", "src=\"/", "href=\"/", "@import", "url("] {
        assert!(!page.contains(address), "{address}");
    }
    assert!(page.len() < 10_000_000, "{}", page.len());
}

#[test]
fn the_page_tells_what_was_run_on_what_and_how_long() {
    let results = Grid { steps: 60, ..Grid::table_2() }.write();
    let environment = Environment {
        dreambench: "0.1.0".into(),
        git_revision: Some("abc".into()),
        libtorch: "2.11.0".into(),
        platform: "linux x86_64".into(),
        devices: vec!["cpu".into()],
        model_set: "mini".into(),
        model_files: [].into(),
        python: [("python".into(), "3.11.7".into()), ("torch".into(), "2.11.0".into())].into(),
    };
    ResultsFolder::at(results.path()).write_environment(&environment).unwrap();
    build(results.path()).unwrap();
    let page = results.text("report.html");
    // 24 cells of 60 steps of 0.05 s.
    for words in [
        "72.0 s of computing on cpu",
        "4 × 6 × 1 = 24 cells",
        "1440",
        "0.0500 s",
        "linux x86_64",
        "python 3.11.7, torch 2.11.0",
    ] {
        assert!(page.contains(words), "{words}");
    }
    assert_eq!(data(&page)["command"][1], " --set 'models=[\"mini\"]' --devices cpu --out again");
}

#[test]
fn the_first_section_is_the_answer_with_the_judge_the_forest_and_a_prompts_images() {
    let prompts = ["a", "b", "c", "d", "e", "f"].map(|name| (name.to_owned(), name.to_owned())).to_vec();
    let similarity = |prompt: usize, optimizer: usize, _| 30.0 + optimizer as f64 + 0.1 * (prompt % 3) as f64;
    let results = Grid { prompts, steps: 60, similarity, ..Grid::table_2() }.write();
    results.judge();
    let diverged = CellStatus::Diverged { at_step: 41, seconds: 1.0, similarity_initial: None };
    results.end("a/adadelta/seed-0", diverged);
    build(results.path()).unwrap();
    let page = results.text("report.html").replace("&#x2f;", "/");
    let section = page.split("</section>").next().unwrap();
    for words in [
        "6 optimizers (adadelta, adagrad, adam, adamw, rmsprop, sgd) on 6 prompts (a, b, c, d, e, f), 1 seed, 60 steps.",
        "With 95 % confidence, the best is sgd",
        "The held-out judge disagrees: it puts adadelta first",
        "Its order: adadelta, adagrad, adam, adamw, rmsprop, sgd",
        "How far the others are behind <strong>sgd</strong>",
        "href=\"tables/cells.csv\"",
        "<h3>b</h3>", // the first prompt of which all have an image
        "href=\"#cell=b/sgd/seed-0\"",
    ] {
        assert!(section.contains(words), "{words}: {section}");
    }
    assert_eq!(section.matches("alt=\"b by ").count(), 6);
    let rows = data(&page)["forest"]["rows"].as_array().unwrap().clone();
    assert!(rows.iter().all(|row| row["may_be_best"] == false && row["ends"].is_array()), "{rows:?}");
    assert_eq!((rows.len(), rows[0]["dots"].as_array().unwrap().len()), (5, 6));
}

/// The numbers and texts that the page's script reads.
fn data(page: &str) -> serde_json::Value {
    let data = page.split("id=\"data\">").nth(1).unwrap().split("</script>").next().unwrap();
    serde_json::from_str(data).unwrap()
}

#[test]
fn curves_are_on_the_page_as_numbers_without_those_that_mirror_them() {
    let results = Grid { steps: 60, ..Grid::table_2() }.write();
    results
        .end("cow/sgd/seed-0", CellStatus::Diverged { at_step: 41, seconds: 1.0, similarity_initial: None });
    build(results.path()).unwrap();
    let page = results.text("report.html");
    let charts = &data(&page)["charts"];
    let names: Vec<&String> = charts.as_object().unwrap().keys().collect();
    assert_eq!(names, ["cutouts-and-whole", "loss-and-image", "similarity", "total-loss"]);
    for name in ["similarity", "total-loss"] {
        let headings: Vec<_> =
            charts[name]["panels"].as_array().unwrap().iter().map(|p| &p["heading"]).collect();
        assert_eq!(headings, ["bicycle", "chair", "cow", "motorbike"], "{name}");
        assert_eq!(page.matches(&format!("data-chart=\"{name}\"")).count(), 1);
    }
    let similarity = &charts["similarity"];
    let cow = &similarity["panels"][2]["lines"][5];
    let (name, places) =
        (&similarity["series"][5]["name"], &similarity["xs"][cow["x"].as_u64().unwrap() as usize]);
    assert_eq!((name.as_str(), cow["end"].as_f64()), (Some("sgd (1 of 4 diverged)"), Some(41.0)));
    assert_eq!((places.as_array().unwrap().len(), cow["y"].as_array().unwrap().len()), (41, 41));
    let trace = ResultsFolder::at(results.path()).cell("cow/sgd/seed-0").trace().unwrap();
    let measured = -f64::from(trace[0].loss.similarity);
    assert!((cow["y"][0].as_f64().unwrap() - measured).abs() < 0.01, "{cow} {measured}");
}

#[test]
fn every_cell_has_its_facts_its_curve_and_its_film_in_the_page() {
    let results = Grid { frames: vec![50, 100, 150, 200], ..Grid::table_2() }.write();
    results
        .end("cow/sgd/seed-0", CellStatus::Diverged { at_step: 41, seconds: 1.0, similarity_initial: None });
    results.judge();
    build(results.path()).unwrap();
    let data = data(&results.text("report.html"));
    let cells = data["cells"].as_array().unwrap();
    assert_eq!(cells.len(), 24);
    let cell = cells.iter().find(|cell| cell["id"] == "cow/sgd/seed-0").unwrap();
    let shared = |list: &str, place: &serde_json::Value| {
        data["shared"][list][place.as_u64().unwrap() as usize].clone()
    };
    assert_eq!(
        (&cell["prompt"], &cell["seed"], &cell["status"]),
        (&"cow".into(), &0.into(), &"diverged".into())
    );
    assert_eq!(data["looks"][cell["optimizer"].as_u64().unwrap() as usize]["name"], "sgd");
    let fact = &cell["facts"][0];
    assert_eq!((shared("facts", &fact[0]), &fact[1]), ("Status".into(), &"diverged at step 41".into()));
    assert_eq!(shared("steps", &cell["curve"][0]).as_array().unwrap().len(), 41);
    assert_eq!(shared("steps", &cell["frames"]), serde_json::json!([50, 100, 150, 200]));
    assert!(cell["film"].as_str().unwrap().starts_with("data:image/jpeg;base64,"));
    assert!(cell["judged"].is_null() && cells[0]["judged"]["labels"] == 100);
    let settings = shared("settings", &cell["settings"]);
    assert!(settings.as_array().unwrap().contains(&serde_json::json!(["dream.epochs", "10"])), "{settings}");
    assert_eq!(data["shared"]["settings"].as_array().unwrap().len(), 1); // all alike: told once
}

#[test]
fn prompts_of_markup_and_control_characters_cannot_leave_the_pages_numbers() {
    let prompts =
        ["</script><script>alert(1)</script>", "<!--<script>", "\"]}'\\ \u{2028} \u{7f} \u{202e}&amp;"];
    let prompts = prompts.map(|text| (text.to_owned(), text.to_owned())).to_vec();
    let results = Grid { steps: 60, prompts: prompts.clone(), ..Grid::table_2() }.write();
    build(results.path()).unwrap();
    let page = results.text("report.html");
    assert_eq!((page.matches("<script").count(), page.matches("</script>").count()), (2, 2)); // its own
    assert!(!page.contains("<!--"));
    let panels = &data(&page)["charts"]["similarity"]["panels"];
    for (n, (text, _)) in prompts.iter().enumerate() {
        assert_eq!(panels[n]["heading"].as_str(), Some(text.as_str()));
        assert_eq!(data(&page)["cells"][6 * n]["prompt"].as_str(), Some(text.as_str()));
    }
}

#[test]
fn the_headline_table_has_spreads_and_says_over_what() {
    let seeds = vec![0, 1, 2];
    let similarity = |prompt: usize, _, seed: u64| 40.0 + 2.0 * prompt as f64 + seed as f64;
    let results = Grid { seeds, steps: 60, similarity, ..Grid::table_2() }.write();
    build(results.path()).unwrap();
    let page = results.text("report.html");
    assert!(page.contains("41.00 ± 1.00") && page.contains("44.00 ± 2.58"), "{page}");
    assert!(
        page.contains("over n = 3 seeds; the last row") && page.contains("over the 4 rows above (n = 4)")
    );
    assert!(!results.text("tables/similarity.md").contains('±'));
}

#[test]
fn the_command_that_makes_a_cell_again_hides_where_the_folder_is_and_the_page_knows_it() {
    let results = Grid { steps: 60, ..Grid::table_2() }.write();
    build(results.path()).unwrap();
    let page = results.text("report.html");
    assert_eq!(data(&page)["command"][0], "cargo run -p runner -- 'RESULTS/experiment.toml' --only ");
    let folder = results.path().file_name().unwrap().to_str().unwrap();
    assert!(!page.contains(folder), "{folder}");
}

/// Returns true, and says so, on a machine without any font: there Chromium itself crashes at the
/// first letter.
fn without_fonts() -> bool {
    let listed = Command::new("fc-list").output();
    let none = listed.is_ok_and(|listed| listed.status.success() && listed.stdout.is_empty());
    if none {
        assert!(env::var_os("DREAMBENCH_PAGE_CHECK").is_none(), "Chromium needs a font");
        let said = "NOT CHECKED: report.html in a browser (Chromium needs a font, and there is none)";
        let _ = writeln!(std::io::stderr(), "\n{said}\n");
    }
    none
}

/// Runs `tests/page/check.py`, which opens the page in Chromium, if `tests/page/setup` has made it
/// able to; says so if not.
#[test]
fn a_browser_finds_nothing_wrong_with_the_page() {
    let Some(python) = python_of_checks("report.html in a browser") else { return };
    if without_fonts() {
        return;
    }
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/page/check.py");
    let check = |results: &Results, images: &str| {
        build(results.path()).unwrap();
        let mut command = Command::new(&python);
        command.arg(&script).arg(results.path().join("report.html")).args(["--images", images]);
        if let Some(folder) = env::var_os("DREAMBENCH_SHOTS") {
            command.arg("--shots").arg(Path::new(&folder).join(images));
        }
        let output = command.output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    };
    let whole = Grid { frames: (1..=20).map(|n| n * 10).collect(), ..Grid::table_2() }.write();
    whole.judge();
    check(&whole, "24");
    check(&hard(), "52");
}
