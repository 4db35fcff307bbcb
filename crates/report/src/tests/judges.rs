//! Tests of the judges' part of the report.

use super::*;

fn judged() -> Results {
    let results = Grid { steps: 60, ..Grid::table_2() }.write();
    results.judge();
    results
}

#[test]
fn the_tables_say_what_was_judged() {
    let results = judged();
    results.end("bicycle/adam/seed-0", CellStatus::Failed { reason: "out of memory".into() });
    let said = said(&results);
    assert!(
        said.contains(
            "\nRight label ranked first (of 100): perceptor 23 of 23 images, held-out judge 19 of 23; right segment \
             largest: 23 of 23\n"
        ),
        "{said}"
    );
    let nearest = rows(&results.text("tables/zero_shot.csv"));
    assert_eq!(nearest.len(), 23 * 2 * 5);
    let cow: Vec<_> = nearest
        .iter()
        .filter(|row| row["cell"] == "cow/sgd/seed-0" && row["by"] == "judge")
        .map(|row| (&*row["place"], &*row["label"], &*row["percent"], &*row["right"]))
        .collect();
    assert_eq!(cow[0], ("1", "lawn mower", "90.0000", "false"));
    assert_eq!(cow[1], ("2", "cattle", "5.0000", "true"));

    let cells = rows(&results.text("tables/cells.csv"));
    let cell = |id: &str| cells.iter().find(|row| row["cell"] == id).unwrap();
    let sgd = cell("cow/sgd/seed-0");
    let figures = ["zero_shot_rank", "zero_shot_percent", "judge_rank", "judge_percent", "judge_first"];
    assert_eq!(figures.map(|name| &*sgd[name]), ["1", "90.0000", "2", "5.0000", "lawn mower"]);
    assert_eq!(sgd["judge_similarity_x100"], "32.2050"); // 50 less half of 35.59
    let segment = ["segment_class", "segment_percent", "segment_largest", "segment_right"];
    assert_eq!(segment.map(|name| &*sgd[name]), ["cow", "30.3955", "cow", "true"]);
    let failed = cell("bicycle/adam/seed-0");
    assert_eq!(figures.map(|name| &*failed[name]), [""; 5]);

    let segments = rows(&results.text("tables/segmentation.csv"));
    assert_eq!(segments.len(), 23 * 2);
    assert_eq!((&*segments[0]["class"], &*segments[0]["largest"]), ("background", "false"));
    assert_eq!((&*segments[1]["class"], &*segments[1]["largest"]), ("bicycle", "true"));
}

#[test]
fn the_judge_is_held_against_the_perceptor() {
    let results = judged();
    let study = Study::read(results.path()).unwrap();
    let agreement = super::super::verdicts::Agreement::of(&study).unwrap();
    assert_eq!(agreement.images, 24);
    // The fixture's judge sees everything the other way round.
    assert!((agreement.within_prompts.unwrap() + 1.0).abs() < 1e-12);
    assert!((agreement.over_optimizers.unwrap() + 1.0).abs() < 1e-12);
    assert_eq!(agreement.fooled, ["bicycle", "chair", "cow", "motorbike"].map(|p| format!("{p}/sgd/seed-0")));
    let adam = agreement.optimizers.iter().find(|means| means.optimizer == "adam").unwrap();
    assert!((adam.perceptor.unwrap() - 40.3825).abs() < 1e-9);

    // What is not complete has no mean, and is in no order.
    results
        .end("cow/adam/seed-0", CellStatus::Diverged { at_step: 41, seconds: 1.0, similarity_initial: None });
    let study = Study::read(results.path()).unwrap();
    let agreement = super::super::verdicts::Agreement::of(&study).unwrap();
    let adam = agreement.optimizers.iter().find(|means| means.optimizer == "adam").unwrap();
    assert_eq!((agreement.images, adam.perceptor, adam.judge), (23, None, None));
}

#[test]
fn the_page_has_their_sections_and_every_dialog_their_verdicts() {
    let results = judged();
    build(results.path()).unwrap();
    let page = results.text("report.html");
    for section in ["labels", "segmentation", "judge"] {
        assert_eq!(page.matches(&format!("<h2 id=\"{section}\">")).count(), 1, "{section}");
    }
    assert_eq!(page.matches("\"labels\":100").count(), 24);
    assert_eq!(page.matches("\"overlay\":{\"source\":\"data:").count(), 24);
    assert_eq!(page.matches("\"largest\":{\"name\":").count(), 24);
    assert!(page.contains("By the perceptor: right in 24 of 24"));
    assert!(page.contains("By the held-out judge: right in 20 of 24"));
    assert!(page.contains("<strong>−1.00</strong>"));
    assert!(page.contains("place 2 of 100, 5.00 %"));
    assert!(page.contains("background 69.60 %, cow 30.40 %: cow is the largest, as it should be."));
    assert!(page.len() < 10_000_000, "{}", page.len());
}

#[test]
fn without_judges_the_page_is_silent_about_them() {
    let results = Grid { steps: 60, ..Grid::table_2() }.write();
    build(results.path()).unwrap();
    let page = results.text("report.html");
    for section in ["labels", "segmentation", "judge"] {
        assert!(!page.contains(&format!("<h2 id=\"{section}\">")), "{section}");
    }
    assert!(!results.path().join("plots/segmentation.png").exists());
    assert!(!results.path().join("plots/judge.svg").exists());
    assert_eq!(results.text("tables/zero_shot.csv").lines().count(), 1);
}

#[test]
fn the_sheet_shows_images_under_their_masks() {
    let results = judged();
    build(results.path()).unwrap();
    let sheet = image::load_from_memory(&results.read("plots/segmentation.png")).unwrap();
    let picture = image::open(results.path().join("cells/bicycle/adadelta/seed-0/final.png")).unwrap();
    // 64 pixels, three times as large: see `sheet::Grid`.
    let at = |x: u32, y: u32| sheet.get_pixel(24 + 230 + 3 * x, 116 + 3 * y).0;
    assert_eq!(at(1, 1), picture.get_pixel(1, 1).0); // background
    let [red, green, blue, _] = picture.get_pixel(32, 32).0.map(f32::from);
    let mixed = [red * 0.45, green * 0.45 + 128.0 * 0.55, blue * 0.45]; // a bicycle is (0, 128, 0)
    for (got, want) in at(32, 32).into_iter().zip(mixed) {
        assert!((f32::from(got) - want).abs() <= 0.51, "{got} {want}");
    }
}

#[test]
fn hostile_labels_are_escaped() {
    let hostile = "\"><script>alert(1)</script> '".to_owned();
    let results = Grid { steps: 10, prompts: vec![(hostile.clone(), hostile)], ..Grid::table_2() }.write();
    results.judge();
    build(results.path()).unwrap();
    let page = results.text("report.html");
    assert_eq!(page.matches("<script>").count(), 1); // its own
    assert!(!page.contains("</script> '"));
}
