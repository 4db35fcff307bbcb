//! The report of synthetic records, from folder to folder.

mod figures;
mod page;
mod tables;
mod words;

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
