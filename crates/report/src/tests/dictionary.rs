//! The columns' units and meanings: in the committed list, beside the tables, and on the page.

use super::*;
use crate::tables::{Table, dictionary_document};

/// Every table with every column that there is.
fn every_table() -> Vec<Table> {
    let results = Grid { seeds: vec![0, 1], ..Grid::table_2() }.write();
    results.seeds_to_axis();
    let published = include_str!("../../../../experiments/published/table2.csv");
    std::fs::write(results.path().join("published.csv"), published).unwrap();
    let study = Study::read(results.path()).unwrap();
    tables(&study, &Verdict::of(&study))
}

#[test]
fn the_committed_list_of_columns_is_current() {
    let committed = concat!(env!("CARGO_MANIFEST_DIR"), "/../../results/COLUMNS.md");
    let current = dictionary_document(&every_table());
    if std::env::var_os("UPDATE_COLUMNS").is_some() {
        std::fs::write(committed, &current).unwrap();
    }
    let same = std::fs::read_to_string(committed).unwrap_or_default() == current;
    assert!(same, "results/COLUMNS.md is not what the tables have: UPDATE_COLUMNS=1 cargo test -p report");
}

#[test]
fn every_column_is_described_beside_the_tables() {
    let results = Grid::table_2().write();
    said(&results);
    let described = rows(&results.text("tables/columns.csv"));
    for table in every_table() {
        let file = results.path().join(format!("tables/{}.csv", table.name));
        let Ok(mut reader) = csv::Reader::from_path(file) else {
            assert_eq!(table.name, "published");
            continue;
        };
        for column in reader.headers().unwrap() {
            if table.name == "columns" {
                continue; // itself
            }
            let one = described.iter().find(|row| row["table"] == table.name && row["column"] == column);
            assert!(one.is_some_and(|row| !row["meaning"].is_empty()), "{}: {column}", table.name);
        }
    }
}

#[test]
fn names_of_columns_are_distinct() {
    for table in every_table() {
        let names: std::collections::BTreeSet<&String> = table.heads.iter().map(|head| &head.name).collect();
        assert_eq!(names.len(), table.heads.len(), "{}", table.name);
    }
}

#[test]
fn a_table_unfolds_on_the_page_with_the_meanings_of_its_columns() {
    let results = Grid::table_2().write();
    build(results.path()).unwrap();
    let page = results.text("report.html");
    let start = page.find("<summary>Every pair of optimizers</summary>").unwrap();
    let section = &page[start..start + page[start..].find("</details>").unwrap()];
    assert!(
        section.contains("title=\"Lower end of the 95 % interval of the difference (cosine × 100)\">low<")
    );
    assert_eq!(section.matches("<tr>").count(), 1 + 15, "a heading and every pair");
    let first = &rows(&results.text("tables/pairs.csv"))[0];
    assert!(section.contains(&format!(">{}</td>", first["difference"].replace('-', "−"))), "{section}");
    assert!(!section.contains("model set"), "{section}");
}
