//! Published figures travel with the results.

use std::fs;

use crate::setting::{SMALL, Setting};

const TABLE: &str = "# somebody, 2022\nprompt,adam,sgd\nbicycle,40.59,37.78\ncattle,37.88,35.59\n";

#[test]
fn the_published_figures_are_part_of_the_results() {
    let setting = Setting::new();
    let experiment = format!("published = \"published/table.csv\" # beside this file\n{SMALL}");
    setting.write("experiments/small.toml", &experiment).write("experiments/published/table.csv", TABLE);
    let ran = setting.expect(0, &["experiments/small.toml"]);
    assert!(ran.stdout.contains("A comparison, not a reproduction: the model set is tiny"), "{}", ran.stdout);
    let table = setting.path("results/small/tables/published.csv");
    let before = fs::read_to_string(&table).unwrap();
    assert!(before.contains("somebody, 2022"), "{before}");

    // The folder alone makes the report again, and runs again.
    fs::remove_dir_all(setting.path("experiments")).unwrap();
    fs::remove_file(&table).unwrap();
    setting.expect(0, &["report", "results/small"]);
    assert_eq!(fs::read_to_string(&table).unwrap(), before);
    setting.expect(0, &["results/small/experiment.toml"]);

    // An experiment that names none has none.
    setting.write("small.toml", SMALL);
    let ran = setting.expect(0, &["small.toml"]);
    assert!(!ran.stdout.contains("published"), "{}", ran.stdout);
    assert!(!setting.path("results/small/published.csv").exists());
}

#[test]
fn a_wrong_table_is_told_before_anything_is_computed() {
    let setting = Setting::new();
    setting.write("small.toml", &format!("published = \"table.csv\"\n{SMALL}"));
    let ran = setting.expect(1, &["small.toml"]);
    assert!(ran.stderr.contains("failed to read the published figures `table.csv`"), "{}", ran.stderr);
    setting.write("table.csv", &TABLE.replace("37.88", "37,88"));
    let ran = setting.expect(1, &["plan", "small.toml"]);
    assert!(ran.stderr.contains("table.csv:4"), "{}", ran.stderr);
    assert!(ran.stderr.contains("4 fields where the first line has 3"), "{}", ran.stderr);
    assert!(!setting.path("results").exists());
}
