//! Tables of numbers: CSV, and Markdown for readers.

mod cells;
mod markdown;
mod published;
mod ranking;
mod segmentation;
mod similarity;
mod zero_shot;

pub(super) use markdown::{escaped, markdown_table, plain};
pub(super) use similarity::shown;

use csv::Writer;

use super::analysis::Verdict;
use super::published::PublishedComparison;
use super::study::Study;

/// All tables, as (file name, content).
pub(super) fn tables(study: &Study, verdict: &Verdict) -> Result<Vec<(&'static str, Vec<u8>)>, csv::Error> {
    let mut tables = vec![
        ("similarity.csv", similarity::wide(study)?),
        ("similarity.md", similarity::document(study).into_bytes()),
        ("similarity_long.csv", similarity::long(study)?),
        ("cells.csv", cells::cells(study)?),
        ("timings.csv", cells::timings(study)?),
        ("zero_shot.csv", zero_shot::nearest(study)?),
        ("segmentation.csv", segmentation::shares(study)?),
        ("ranking.csv", ranking::entries(study, verdict)?),
        ("pairs.csv", ranking::pairs(study, verdict)?),
        ("robustness.csv", ranking::robustness(study, verdict)?),
    ];
    if let Some(comparison) = PublishedComparison::of(study) {
        tables.push(("published.csv", published::published(study, &comparison)?));
    }
    Ok(tables)
}

/// A CSV of `header` and `rows`.
pub(super) fn csv(
    header: &[String],
    rows: impl IntoIterator<Item = Vec<String>>,
) -> Result<Vec<u8>, csv::Error> {
    let mut writer = Writer::from_writer(Vec::new());
    writer.write_record(header)?;
    for row in rows {
        writer.write_record(row)?;
    }
    writer.into_inner().map_err(|error| csv::Error::from(error.into_error()))
}

/// A number with so many decimals; what is missing or not finite is empty, never 0.
pub(super) fn number(value: Option<f64>, decimals: usize) -> String {
    value.filter(|value| value.is_finite()).map(|value| format!("{value:.decimals$}")).unwrap_or_default()
}

fn strings(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}
