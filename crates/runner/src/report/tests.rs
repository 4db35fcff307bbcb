//! The report of synthetic records, from folder to folder.

use std::collections::BTreeMap;
use std::path::Path;

use image::GenericImageView as _;

use super::fixture::{Grid, Results, TABLE_2};
use super::{Ranking, ReportError, Study, Summary, build, write_tables};
use crate::records::{CellStatus, RecordError, ResultsFolder};

/// Makes the tables alone, which is quick, and returns what is said, without the folder's name.
fn said(results: &Results) -> String {
    let study = Study::read(results.path()).unwrap();
    let ranking = Ranking::of(&study);
    let mut files = Vec::new();
    write_tables(results.path(), &study, &ranking, &mut files).unwrap();
    let summary = Summary::of(&study, &ranking, "", results.path(), files);
    summary.to_string().replace(&results.path().display().to_string(), "RESULTS")
}

fn rows(csv: &str) -> Vec<BTreeMap<String, String>> {
    csv::Reader::from_reader(csv.as_bytes()).deserialize().map(Result::unwrap).collect()
}

/// Every file of the report, by name.
fn files(results: &Results) -> BTreeMap<String, Vec<u8>> {
    let summary = build(results.path()).unwrap();
    summary.files().iter().map(|name| (name.display().to_string(), results.read(name))).collect()
}

#[test]
fn table_2_comes_out_in_form_and_meaning() {
    let results = Grid::table_2().write();
    said(&results);
    insta::assert_snapshot!(results.text("tables/similarity.csv"), @r"
    prompt,class_name,adadelta,adagrad,adam,adamw,rmsprop,sgd,model_set
    bicycle,bicycle,35.5600,39.0900,40.5900,38.1900,39.5600,37.7800,mini
    chair,chair,40.7500,41.4100,44.3100,44.2800,43.8400,38.7800,mini
    cow,cattle,37.5900,36.2800,37.8800,37.9100,37.2800,35.5900,mini
    motorbike,motorcycle,37.8800,37.9100,38.7500,38.2500,38.7800,37.1600,mini
    mean,,37.9450,38.6725,40.3825,39.6575,39.8650,37.3275,mini
    ");
    let mean = &rows(&results.text("tables/similarity.csv"))[4];
    // The published means.
    for (name, want) in
        [("adadelta", 37.95), ("adagrad", 38.67), ("adam", 40.38), ("adamw", 39.66), ("sgd", 37.33)]
    {
        let got: f64 = mean[name].parse().unwrap();
        assert!((got - want).abs() < 0.0051, "{name}: {got}");
    }
}

#[test]
fn the_summary_says_what_won_and_how_little_that_means() {
    let results = Grid::table_2().write();
    let said = build(results.path()).unwrap().to_string();
    let said = said.replace(&results.path().display().to_string(), "RESULTS");
    insta::assert_snapshot!(said, @r"
    optimizers: 24 of 24 cells finished, model set mini
    The model set is not the paper's: this is no reproduction of its figures.

    Similarity: 100 × cosine of the final image with its class name

    |            | adadelta | adagrad |  adam | adamw | rmsprop |   sgd |
    |------------|----------|---------|-------|-------|---------|-------|
    | bicycle    |    35.56 |   39.09 | 40.59 | 38.19 |   39.56 | 37.78 |
    | chair      |    40.75 |   41.41 | 44.31 | 44.28 |   43.84 | 38.78 |
    | cattle     |    37.59 |   36.28 | 37.88 | 37.91 |   37.28 | 35.59 |
    | motorcycle |    37.88 |   37.91 | 38.75 | 38.25 |   38.78 | 37.16 |
    | mean       |    37.95 |   38.67 | 40.38 | 39.66 |   39.87 | 37.33 |

    Ranking by mean
      1. adam         40.38            mean rank 1.50, first in 96 % of draws
      2. rmsprop      39.87   (−0.52)  mean rank 2.50, first in 0 % of draws
      3. adamw        39.66   (−0.73)  mean rank 2.50, first in 3 % of draws
      4. adagrad      38.67   (−1.71)  mean rank 4.00, first in 0 % of draws
      5. adadelta     37.95   (−2.44)  mean rank 4.75, first in 0 % of draws
      6. sgd          37.33   (−3.05)  mean rank 5.75, first in 0 % of draws

    How sure is that? adam leads by 0.52. With 4 prompts, of 15 pairs only these can be told apart: adam > sgd
    (Nemenyi's test at 5 %: mean ranks must differ by 3.77, of 5 at most).
    That all are alike (Friedman's test): p = 0.012.
    Telling apart optimizers one rank from each other takes 57 prompts, the best from the worst 3.
    One run per prompt: how much the seed matters is not known.
    Draws: 10,000 samples of the prompts with replacement, then of their runs (bootstrap); so few prompts make it too sure of itself.

    Table   RESULTS/tables/similarity.csv
    Cells   RESULTS/tables/cells.csv
    Curves  RESULTS/plots/similarity.png
    Images  RESULTS/plots/images.png
    Page    RESULTS/report.html
    ");
}

#[test]
fn what_did_not_finish_is_shown_and_never_counted_as_zero() {
    let results = Grid::table_2().write();
    results.end("bicycle/sgd/seed-0", CellStatus::Diverged { at_step: 41, seconds: 1.0 });
    results.end("chair/adam/seed-0", CellStatus::Failed { reason: "out of memory\ncaused by …".into() });
    results.end("cow/adam/seed-0", CellStatus::Unfinished);
    results.forget("motorbike/adagrad/seed-0");
    insta::assert_snapshot!(said(&results), @r"
    optimizers: 20 of 24 cells finished, model set mini
    The model set is not the paper's: this is no reproduction of its figures.

    Similarity: 100 × cosine of the final image with its class name

    |            | adadelta | adagrad |       adam | adamw | rmsprop |      sgd |
    |------------|----------|---------|------------|-------|---------|----------|
    | bicycle    |    35.56 |   39.09 |      40.59 | 38.19 |   39.56 | diverged |
    | chair      |    40.75 |   41.41 |     failed | 44.28 |   43.84 |    38.78 |
    | cattle     |    37.59 |   36.28 | unfinished | 37.91 |   37.28 |    35.59 |
    | motorcycle |    37.88 |       — |      38.75 | 38.25 |   38.78 |    37.16 |
    | mean       |    37.95 |       — |          — | 39.66 |   39.87 |        — |

    Ranking by mean
      1. adam         40.59          
      2. rmsprop      39.56   (−1.03)
      3. adagrad      39.09   (−1.50)
      4. adamw        38.19   (−2.40)
      5. adadelta     35.56   (−5.03)
      6. sgd       diverged          
    Left out, not finished by all: chair, cow, motorbike

    How sure is that? adam leads by 1.03. It rests on one prompt: nothing can be concluded.

    Not finished: 4 of 24 cells
      bicycle/sgd/seed-0 diverged at step 41
      chair/adam/seed-0 failed: out of memory
      cow/adam/seed-0 unfinished
      1 not begun

    Table   RESULTS/tables/similarity.csv
    Cells   RESULTS/tables/cells.csv
    ");
    insta::assert_snapshot!(results.text("tables/similarity.csv"), @r"
    prompt,class_name,adadelta,adagrad,adam,adamw,rmsprop,sgd,model_set
    bicycle,bicycle,35.5600,39.0900,40.5900,38.1900,39.5600,,mini
    chair,chair,40.7500,41.4100,,44.2800,43.8400,38.7800,mini
    cow,cattle,37.5900,36.2800,,37.9100,37.2800,35.5900,mini
    motorbike,motorcycle,37.8800,,38.7500,38.2500,38.7800,37.1600,mini
    mean,,37.9450,,,39.6575,39.8650,,mini
    ");
}

#[test]
fn a_folder_in_which_nothing_was_begun_has_a_report() {
    let results = Grid { steps: 0, ..Grid::table_2() }.write();
    std::fs::remove_dir_all(results.path().join("cells")).unwrap();
    insta::assert_snapshot!(said(&results), @r"
    optimizers: 0 of 24 cells finished, model set mini
    The model set is not the paper's: this is no reproduction of its figures.

    Similarity: 100 × cosine of the final image with its class name

    |            | adadelta | adagrad | adam | adamw | rmsprop | sgd |
    |------------|----------|---------|------|-------|---------|-----|
    | bicycle    |        — |       — |    — |     — |       — |   — |
    | chair      |        — |       — |    — |     — |       — |   — |
    | cattle     |        — |       — |    — |     — |       — |   — |
    | motorcycle |        — |       — |    — |     — |       — |   — |
    | mean       |        — |       — |    — |     — |       — |   — |

    No ranking: there is no prompt that every optimizer has finished.

    Not finished: 24 of 24 cells
      24 not begun

    Table   RESULTS/tables/similarity.csv
    Cells   RESULTS/tables/cells.csv
    ");
    build(results.path()).unwrap();
    assert!(!results.path().join("plots").exists());
}

#[test]
fn cells_of_other_settings_than_the_plans_count_as_not_begun() {
    let results = Grid::table_2().write();
    let cell = ResultsFolder::at(results.path()).cell("bicycle/adam/seed-0");
    let mut record = cell.record().unwrap().unwrap();
    record.digest = "of older settings".into();
    cell.write_record(&record).unwrap();
    assert!(said(&results).contains("23 of 24 cells finished"));
    assert_eq!(rows(&results.text("tables/similarity.csv"))[0]["adam"], "");
}

#[test]
fn seeds_are_averaged_and_their_spread_is_kept() {
    let results = Grid { seeds: vec![0, 1, 2], ..Grid::table_2() }.write();
    said(&results);
    let long = rows(&results.text("tables/similarity_long.csv"));
    // The fixture adds 0, 0.2 and 0.4 for these seeds.
    let adam = long.iter().find(|row| row["prompt"] == "cow" && row["optimizer"] == "adam").unwrap();
    assert_eq!((adam["mean"].as_str(), adam["sd"].as_str(), adam["n"].as_str()), ("38.0800", "0.2000", "3"));
    assert_eq!(rows(&results.text("tables/similarity.csv"))[2]["adam"], "38.0800");
    assert_eq!(rows(&results.text("tables/cells.csv")).len(), 72);
}

#[test]
fn further_axes_are_rows_and_not_averaged_away() {
    let results = Grid { seeds: vec![0, 1], ..Grid::table_2() }.write();
    let folder = ResultsFolder::at(results.path());
    for mut record in folder.cells(&folder.plan().unwrap()).unwrap() {
        record.axes.insert("cutouts".into(), toml::Value::Integer(if record.seed == 0 { 32 } else { 64 }));
        folder.cell(&record.id).write_record(&record).unwrap();
    }
    said(&results);
    let rows = rows(&results.text("tables/similarity.csv"));
    assert_eq!(rows.len(), 9);
    assert_eq!((rows[1]["prompt"].as_str(), rows[1]["axes"].as_str()), ("bicycle", "cutouts=64"));
}

/// Times differ from run to run; they must not reach the tables and figures.
#[test]
fn only_timings_and_the_page_depend_on_the_clock() {
    let results = Grid { steps: 60, ..Grid::table_2() }.write();
    let before = files(&results);
    let folder = ResultsFolder::at(results.path());
    for mut record in folder.cells(&folder.plan().unwrap()).unwrap() {
        let cell = folder.cell(&record.id);
        let mut trace = cell.trace().unwrap();
        trace.iter_mut().for_each(|row| row.seconds *= 1.7);
        cell.write_trace(&trace).unwrap();
        if let CellStatus::Finished(outcome) = &mut record.status {
            outcome.seconds *= 1.7;
        }
        cell.write_record(&record).unwrap();
    }
    let after = files(&results);
    let changed: Vec<&String> = before.keys().filter(|name| before[*name] != after[*name]).collect();
    assert_eq!(changed, ["report.html", "tables/timings.csv"]);
}

#[test]
fn hostile_prompts_go_through_unharmed() {
    let prompts = [
        "a \"quoted\" <script>alert(1)</script> & ../../ | b".to_owned(),
        "自転車に乗る猫 🐄".to_owned(),
        "a bear in the forest ".repeat(15),
    ];
    let grid = Grid {
        prompts: prompts.iter().map(|prompt| (prompt.clone(), prompt.clone())).collect(),
        ..Grid::table_2()
    };
    let results = grid.write();
    let files = files(&results);
    let table = rows(&results.text("tables/similarity.csv"));
    for (row, prompt) in table.iter().zip(&prompts) {
        assert_eq!(&row["prompt"], prompt);
    }
    for (name, bytes) in files.iter().filter(|(name, _)| name.ends_with("svg")) {
        let svg = std::str::from_utf8(bytes).unwrap();
        assert!(!svg.contains("<script"), "{name}");
        resvg::usvg::Tree::from_str(svg, &resvg::usvg::Options::default()).unwrap();
    }
    assert!(results.text("tables/similarity.md").contains("\\|"));
}

#[test]
fn the_sheet_shows_every_image_in_its_place() {
    let results = Grid::table_2().write();
    build(results.path()).unwrap();
    let sheet = image::load_from_memory(&results.read("plots/images.png")).unwrap();
    for (row, prompt) in ["bicycle", "chair", "cow", "motorbike"].into_iter().enumerate() {
        for (column, optimizer) in
            ["adadelta", "adagrad", "adam", "adamw", "rmsprop", "sgd"].into_iter().enumerate()
        {
            let path = results.path().join(format!("cells/{prompt}/{optimizer}/seed-0/final.png"));
            let image = image::open(path).unwrap();
            // 64 pixels, three times as large: see `sheet::Grid`.
            let (left, top) = (24 + 230 + column as u32 * (192 + 14), 116 + row as u32 * (192 + 34 + 14));
            for (x, y) in [(0, 0), (63, 0), (20, 40), (63, 63)] {
                assert_eq!(
                    sheet.get_pixel(left + 3 * x, top + 3 * y),
                    image.get_pixel(x, y),
                    "{prompt} {optimizer}"
                );
            }
        }
    }
}

#[test]
fn strips_show_the_way_from_the_first_image_to_the_last() {
    let results = Grid { frames: (1..=20).map(|n| n * 10).collect(), ..Grid::table_2() }.write();
    results.forget("cow/sgd/seed-0");
    build(results.path()).unwrap();
    let sheet = image::load_from_memory(&results.read("plots/strips.png")).unwrap();
    let left = |column: u32| 24 + 230 + column * (192 + 14);
    for (column, step) in [(0, 10), (7, 200)] {
        let frame =
            image::open(results.path().join(format!("cells/bicycle/adadelta/seed-0/frames/{step:06}.png")))
                .unwrap();
        assert_eq!(
            sheet.get_pixel(left(column) + 3 * 20, 116 + 3 * 40),
            frame.get_pixel(20, 40),
            "step {step}"
        );
    }
    // A row for each of the 23 cells.
    assert_eq!(sheet.height(), 116 + 23 * (192 + 14) - 14 + 24);
}

#[test]
fn every_figure_has_an_svg_that_names_the_model_set() {
    let files = files(&Grid::table_2().write());
    let svgs: Vec<&String> = files.keys().filter(|name| name.ends_with(".svg")).collect();
    assert_eq!(svgs.len(), 10); // loss and total loss of four prompts, similarity, and loss beside image
    for name in svgs {
        assert!(String::from_utf8_lossy(&files[name]).contains("model set mini"), "{name}");
        assert!(files.contains_key(&name.replace(".svg", ".png")), "{name}");
    }
}

#[test]
fn a_folder_without_a_plan_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let error = build(folder.path()).unwrap_err();
    assert!(matches!(error, ReportError::Record(RecordError::NotResults { .. })), "{error:?}");
}

#[test]
fn a_damaged_image_is_named() {
    let results = Grid::table_2().write();
    std::fs::write(results.path().join("cells/cow/sgd/seed-0/final.png"), "no image").unwrap();
    let error = build(results.path()).unwrap_err();
    let ReportError::Figure(error) = error else { panic!("{error:?}") };
    assert!(error.to_string().ends_with("cells/cow/sgd/seed-0/final.png`"), "{error}");
}

#[test]
fn the_ranking_is_by_the_figures() {
    let results = Grid::table_2().write();
    said(&results);
    let ranking = rows(&results.text("tables/ranking.csv"));
    let names: Vec<&str> = ranking.iter().map(|row| row["optimizer"].as_str()).collect();
    assert_eq!(names, ["adam", "rmsprop", "adamw", "adagrad", "adadelta", "sgd"]);
    let best: Vec<f64> = TABLE_2.iter().map(|row| row[2]).collect();
    assert_eq!(ranking[0]["mean"], format!("{:.4}", best.iter().sum::<f64>() / 4.0));
    let pairs = rows(&results.text("tables/pairs.csv"));
    assert_eq!(pairs.len(), 15);
    let told: Vec<_> = pairs
        .iter()
        .filter(|pair| pair["distinct"] == "true")
        .map(|pair| (&*pair["better"], &*pair["worse"]))
        .collect();
    assert_eq!(told, [("adam", "sgd")]);
}

/// Draws figures into the folder that `DREAMBENCH_LOOK` names, to be looked at.
#[test]
#[ignore = "for the eye"]
fn look() {
    let Some(folder) = std::env::var_os("DREAMBENCH_LOOK") else { return };
    let folder = Path::new(&folder);
    let frames = (1..=20).map(|n| n * 10).collect();
    Grid { steps: 2000, frames, ..Grid::table_2() }.write_to(&folder.join("table-2"));
    println!("{}", build(&folder.join("table-2")).unwrap());
    let names = ["adam lr=0.02", "adam lr=0.05", "schedule-free-adamw", "lion", "prodigy", "muon", "sgd"];
    let hard = Grid {
        steps: 300,
        frames: Vec::new(),
        prompts: vec![
            ("自転車に乗る猫".into(), "bicycle".into()),
            (
                "a bear in the <b>forest</b> & \"woods\" ".repeat(8),
                "a very long class name, longer than most".into(),
            ),
            ("cow".into(), "cattle".into()),
        ],
        optimizers: names.map(str::to_owned).to_vec(),
        seeds: vec![0, 1, 2],
        similarity: |prompt, optimizer, seed| {
            TABLE_2[prompt][optimizer % 6] + ((seed * 7 + optimizer as u64 * 3) % 5) as f64 * 0.7
        },
    };
    let results = Results::in_folder(folder.join("hard"));
    hard.write_to(results.path());
    results.end("cow/sgd/seed-0", CellStatus::Diverged { at_step: 41, seconds: 1.0 });
    results.end("cow/sgd/seed-1", CellStatus::Diverged { at_step: 141, seconds: 1.0 });
    results.end("cow/muon/seed-1", CellStatus::Failed { reason: "out of memory".into() });
    results.forget("cow/lion/seed-1");
    println!("{}", build(results.path()).unwrap());
}

#[test]
fn the_page_shows_everything_and_asks_for_nothing() {
    let results = Grid { steps: 60, ..Grid::table_2() }.write();
    results.end("bicycle/sgd/seed-0", CellStatus::Diverged { at_step: 41, seconds: 1.0 });
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
fn the_page_escapes_what_it_is_told() {
    let hostile = "\"><script>alert(1)</script><img src=x onerror=alert(1)> '";
    let prompts = vec![(hostile.to_owned(), hostile.to_owned())];
    let results = Grid { steps: 10, prompts, ..Grid::table_2() }.write();
    build(results.path()).unwrap();
    let page = results.text("report.html");
    assert_eq!(page.matches("<script>").count(), 1); // its own
    assert!(!page.contains("<img src=x"));
    assert!(page.contains("&lt;script&gt;alert(1)"));
}
