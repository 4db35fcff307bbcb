//! The figures, and that the same records give the same files.

use super::*;

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
    let grid = Grid {
        prompts: hostile().map(|prompt| (prompt.clone(), prompt)).to_vec(),
        frames: vec![10, 20],
        ..Grid::table_2()
    };
    let results = grid.write();
    let published = format!("prompt,adam\n\"{}\",40\n", hostile()[0].replace('"', "\"\""));
    std::fs::write(results.path().join("published.csv"), published).unwrap();
    let files = files(&results);
    for table in ["similarity", "similarity_long", "cells", "published"] {
        let rows = rows(&results.text(&format!("tables/{table}.csv")));
        for prompt in hostile().iter().take(if table == "published" { 1 } else { 3 }) {
            assert!(
                rows.iter().any(|row| row["prompt"] == *prompt && row["class_name"] == *prompt),
                "{table}"
            );
        }
    }
    for (name, bytes) in &files {
        assert!(
            name.chars().all(|letter| letter.is_ascii_alphanumeric() || "-_.~/".contains(letter)),
            "{name}"
        );
        assert!(!name.contains(".."), "{name}");
        if name.ends_with("svg") {
            let svg = std::str::from_utf8(bytes).unwrap();
            assert!(!svg.contains("<script"), "{name}");
            resvg::usvg::Tree::from_str(svg, &resvg::usvg::Options::default()).unwrap();
        }
    }
    let markdown = results.text("tables/similarity.md");
    assert!(markdown.contains("\\|") && !markdown.contains("<script"), "{markdown}");
    let page = results.text("report.html");
    assert_eq!(page.matches("<script>").count(), 1); // its own
    assert!(page.contains("{{ 7 * 7 }}") && page.contains("&lt;script&gt;alert(1)"));
    assert!(page.contains(&hostile()[1]) && page.contains("🐄"));
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
    assert_eq!(svgs.len(), 11); // loss and total loss of four prompts, similarity, loss beside image, cutouts beside whole
    for name in svgs {
        assert!(String::from_utf8_lossy(&files[name]).contains("model set mini"), "{name}");
        assert!(files.contains_key(&name.replace(".svg", ".png")), "{name}");
    }
}

#[test]
fn a_run_that_diverged_at_its_first_step_is_reported() {
    let results = Grid { steps: 20, ..Grid::table_2() }.write();
    results.end(
        "bicycle/sgd/seed-0",
        CellStatus::Diverged { at_step: 1, seconds: 0.1, similarity_initial: None },
    );
    let cell = ResultsFolder::at(results.path()).cell("bicycle/sgd/seed-0");
    let mut trace = cell.trace().unwrap();
    trace[0].loss.total = f32::NAN;
    trace[0].loss.similarity = f32::INFINITY;
    cell.write_trace(&trace).unwrap();
    build(results.path()).unwrap();
    let cells = rows(&results.text("tables/cells.csv"));
    let sgd = cells.iter().find(|row| row["cell"] == "bicycle/sgd/seed-0").unwrap();
    assert_eq!((&*sgd["status"], &*sgd["detail"], &*sgd["loss"]), ("diverged", "at step 1", ""));
    assert!(results.text("plots/loss-bicycle.svg").contains("rmsprop"));
}

#[test]
fn a_damaged_image_is_named_and_the_rest_is_drawn() {
    let frames = vec![10, 20, 30];
    let results = Grid { steps: 60, frames, ..Grid::table_2() }.write();
    results.judge();
    let whole = files(&results);
    std::fs::write(results.path().join("cells/cow/sgd/seed-0/final.png"), "no image").unwrap();
    std::fs::write(results.path().join("cells/cow/adam/seed-0/frames/000020.png"), "no image").unwrap();
    std::fs::write(results.path().join("cells/chair/adam/seed-0/mask.png"), "no image").unwrap();
    let summary = build(results.path()).unwrap();
    let named: Vec<&str> = summary.faults().iter().map(|fault| fault.what.as_str()).collect();
    let ends = [
        "cells/chair/adam/seed-0/mask.png",
        "cells/cow/adam/seed-0/frames/000020.png",
        "cells/cow/sgd/seed-0/final.png",
    ];
    assert_eq!(named.len(), 3, "{named:?}");
    assert!(named.iter().zip(ends).all(|(named, end)| named.ends_with(end)), "{named:?}");
    let (said, page) = (summary.to_string(), results.text("report.html").replace("&#x2f;", "/"));
    assert!(said.contains("Not drawn") && page.contains("Not drawn") && page.contains("image unreadable"));
    for end in ends {
        assert!(said.contains(end) && page.contains(end), "{end}");
    }
    // All but what shows these images is as before, and the sheets have all others.
    for (name, bytes) in &whole {
        let damaged = ["plots/images.png", "plots/segmentation.png", "plots/strips.png", "report.html"];
        if damaged.contains(&name.as_str()) {
            assert_ne!(results.read(name), *bytes, "{name}");
        } else {
            assert_eq!(results.read(name), *bytes, "{name}");
        }
    }
    let sheet = image::load_from_memory(&results.read("plots/images.png")).unwrap();
    let image = image::open(results.path().join("cells/cow/adam/seed-0/final.png")).unwrap();
    let (left, top) = (24 + 230 + 2 * (192 + 14), 116 + 2 * (192 + 34 + 14)); // 64 pixels, three times as large
    assert_eq!(sheet.get_pixel(left + 3 * 20, top + 3 * 40), image.get_pixel(20, 40));
}

/// Experiments refuse them now; records of older versions may have them.
#[test]
fn characters_that_xml_forbids_are_replaced_in_figures_and_kept_in_tables() {
    let prompt = "a \u{8}ig picture \u{ffff}";
    let grid = Grid { prompts: vec![(prompt.into(), prompt.into())], steps: 60, ..Grid::table_2() };
    let results = grid.write();
    results.judge();
    let files = files(&results);
    assert!(rows(&results.text("tables/cells.csv")).iter().all(|row| row["prompt"] == prompt));
    let svgs = files.iter().filter(|(name, _)| name.ends_with("svg"));
    for (name, svg) in
        svgs.chain([("report.html".to_owned(), results.read("report.html"))].iter().map(|(n, b)| (n, b)))
    {
        let text = std::str::from_utf8(svg).unwrap();
        assert!(!text.contains(['\u{8}', '\u{ffff}']), "{name}");
        if name.contains("loss-a") || name == "report.html" {
            assert!(text.contains("a \u{fffd}ig picture"), "{name}");
        }
    }
}

/// Makes reports in the folder that `DREAMBENCH_LOOK` names, to be looked at.
#[test]
#[ignore = "for the eye"]
fn look() {
    let Some(folder) = std::env::var_os("DREAMBENCH_LOOK") else { return };
    let folder = Path::new(&folder);
    let frames = (1..=20).map(|n| n * 10).collect();
    Grid { steps: 2000, frames, ..Grid::table_2() }.write_to(&folder.join("table-2"));
    Results::in_folder(folder.join("table-2")).judge();
    println!("{}", build(&folder.join("table-2")).unwrap());
    let results = hard_in(Results::in_folder(folder.join("hard")));
    results.judge();
    println!("{}", build(results.path()).unwrap());
    for prompts in [3, 10, 40, 300] {
        let results = Results::in_folder(folder.join(format!("prompts-{prompts}")));
        Grid::large(prompts, 2, 60).write_to(results.path());
        results.judge();
        println!("{}", build(results.path()).unwrap());
    }
    for variants in [2, 6, 17, 80] {
        let results = Results::in_folder(folder.join(format!("variants-{variants}")));
        Grid::large(4, variants, 60).write_to(results.path());
        println!("{}", build(results.path()).unwrap());
    }
}

/// Makes a report of 240 and one of 5,100 cells, with frames, in the folder `DREAMBENCH_LOOK`.
#[test]
#[ignore = "for the eye"]
fn look_at_many() {
    let Some(folder) = std::env::var_os("DREAMBENCH_LOOK") else { return };
    for (prompts, optimizers) in [(40, 6), (300, 17)] {
        let results = Results::in_folder(Path::new(&folder).join(format!("cells-{}", prompts * optimizers)));
        let frames = (1..=8).map(|n| n * 25).collect();
        Grid { frames, ..Grid::large(prompts, optimizers, 200) }.write_to(results.path());
        results.judge();
        let start = std::time::Instant::now();
        println!("{} {:?}", build(results.path()).unwrap(), start.elapsed());
    }
}

/// Makes the report of the results folder that `DREAMBENCH_RESULTS` names.
#[test]
#[ignore = "for the eye"]
fn remake() {
    let Some(folder) = std::env::var_os("DREAMBENCH_RESULTS") else { return };
    println!("{}", build(Path::new(&folder)).unwrap());
}

/// The second page of a figure says what an earlier, larger report had.
#[test]
fn pages_of_a_larger_report_go_with_it() {
    let results = Grid { steps: 20, ..Grid::large(13, 2, 20) }.write();
    std::fs::create_dir_all(results.path().join("plots")).unwrap();
    std::fs::write(results.path().join("plots/similarity-9.png"), "by somebody").unwrap();
    let there = |name: &str| results.path().join("plots").join(name).is_file();
    let before = files(&results);
    assert!(there("similarity-2.png") && there("similarity-2.svg"), "{:?}", before.keys());
    let folder = ResultsFolder::at(results.path());
    let mut plan = folder.plan().unwrap();
    plan.prompts.truncate(3);
    plan.cells.truncate(6);
    folder.write_plan(&plan).unwrap();
    let after = files(&results);
    assert!(!there("similarity-2.png") && !there("similarity-2.svg"));
    assert!(there("similarity.png") && there("similarity-9.png"), "what nobody's report wrote stays");
    for gone in before.keys().filter(|name| !after.contains_key(*name) && !name.starts_with("cells/")) {
        assert!(!results.path().join(gone).exists(), "{gone}");
    }
}
