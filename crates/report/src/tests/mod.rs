//! The report of synthetic records, from folder to folder.

mod answers;
mod cosines;
mod damage;
mod dictionary;
mod figures;
mod judges;
mod machines;
mod page;
mod published;
mod tables;
mod verdict;
mod words;

use std::collections::BTreeMap;
use std::path::Path;

use image::GenericImageView as _;
use records::{CellStatus, Environment, RecordError, ResultsFolder};

use super::fixture::{Grid, Results, TABLE_2};
use super::{ReportError, Study, Summary, build, write_tables};
use crate::analysis::Verdict;
use crate::tables::tables;

/// Makes the tables alone, which is quick, and returns what is said, without the folder's name.
fn said(results: &Results) -> String {
    let study = Study::read(results.path()).unwrap();
    let verdict = Verdict::of(&study);
    let mut files = Vec::new();
    write_tables(results.path(), &study, &tables(&study, &verdict), &mut files).unwrap();
    let summary = Summary::of(&study, &verdict, "", Vec::new(), results.path(), files);
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

/// Texts that break what is not careful: quotes, markup, paths and commands; no spaces to break a
/// line at; 300 letters.
fn hostile() -> [String; 3] {
    [
        "a \"quoted\" 'bear' <script>alert(1)</script> &amp; ../../up \\ `$(id)` | {{ 7 * 7 }} 🐄".to_owned(),
        "自転車に乗る猫".repeat(43),
        "a bear in the forest ".repeat(15).trim().to_owned(),
    ]
}

/// Records that are hard to show: long and foreign names, many optimizers, seeds, and cells that
/// ended in every way.
fn hard() -> Results {
    hard_in(Results::temporary())
}

fn hard_in(results: Results) -> Results {
    let names = ["adam lr=0.02", "adam lr=0.05", "schedule-free-adamw", "lion", "prodigy", "muon", "sgd"];
    let [markup, japanese, long] = hostile();
    let prompts = vec![
        (markup.clone(), markup),
        (japanese.clone(), japanese),
        (long, "a very long class name, longer than most".into()),
        ("cow".into(), "cattle".into()),
    ];
    let grid = Grid {
        steps: 300,
        prompts,
        optimizers: names.map(str::to_owned).to_vec(),
        seeds: vec![0, 1],
        similarity: |prompt, optimizer, seed| {
            TABLE_2[prompt][optimizer % 6] + ((seed * 7 + optimizer as u64 * 3) % 5) as f64 * 0.7
        },
        ..Grid::table_2()
    };
    grid.write_to(results.path());
    results
        .end("cow/sgd/seed-0", CellStatus::Diverged { at_step: 41, seconds: 1.0, similarity_initial: None });
    results
        .end("cow/sgd/seed-1", CellStatus::Diverged { at_step: 141, seconds: 1.0, similarity_initial: None });
    results.end("cow/muon/seed-1", CellStatus::Failed { reason: "out of memory".into() });
    results.forget("cow/lion/seed-1");
    results
}
