//! The tables.

use super::*;

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
    assert!(pairs.iter().all(|pair| pair["better"].is_empty()), "four prompts tell nothing apart");
    assert!(ranking.iter().all(|row| row["may_be_best"] == "true"));
    assert_eq!((ranking[5]["p_best"].as_str(), ranking[0]["p_best"].as_str()), ("0.125000", "1.000000"));
}

#[test]
fn a_prompt_called_mean_is_told_from_the_mean() {
    let prompts = ["mean", "cow"].map(|text| (text.to_owned(), text.to_owned())).to_vec();
    let results = Grid { prompts, ..Grid::table_2() }.write();
    said(&results);
    let rows = rows(&results.text("tables/similarity.csv"));
    let means: Vec<_> =
        rows.iter().filter(|row| row["prompt"] == "mean").map(|row| row["class_name"].as_str()).collect();
    assert_eq!(means, ["mean", ""]);
    assert_eq!(rows[2]["class_name"], "");
    let markdown = results.text("tables/similarity.md");
    assert!(markdown.contains("| mean ") && markdown.contains("| mean of all rows |"), "{markdown}");
}

#[test]
fn markup_in_a_prompt_is_escaped_in_files_and_plain_on_the_terminal() {
    let prompts = vec![("a &amp; *b* | `c`".to_owned(), "a &amp; *b* | `c`".to_owned())];
    let results = Grid { prompts, ..Grid::table_2() }.write();
    assert!(said(&results).contains("| a &amp; *b* | `c` |"));
    assert!(results.text("tables/similarity.md").contains("| a &amp;amp; \\*b\\* \\| \\`c\\` |"));
}

/// Programs read these tables: what a spreadsheet would compute is documented, and not altered.
#[test]
fn a_prompt_that_looks_like_a_formula_stays_as_it_is() {
    let results = Grid { prompts: vec![("=1+1".into(), "=1+1".into())], ..Grid::table_2() }.write();
    said(&results);
    assert_eq!(rows(&results.text("tables/cells.csv"))[0]["prompt"], "=1+1");
}
