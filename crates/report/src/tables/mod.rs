//! Tables: their columns are defined once, for CSV, the page and the data dictionary.
//!
//! A further table is a file with its columns and a line in [`tables`].

mod cells;
mod column;
mod dictionary;
mod markdown;
mod pairs;
mod published;
mod ranking;
mod robustness;
mod rounding;
mod segmentation;
mod similarity;
mod table;
mod targets;
mod timings;
mod tuning;
mod value;
mod variation;
mod zero_shot;

pub(super) use column::Column;
#[cfg(test)]
pub(super) use dictionary::document as dictionary_document;
pub(super) use markdown::{escaped, markdown_table, plain};
pub(super) use similarity::{document as similarity_document, shown};
pub(super) use table::Table;
pub(super) use value::Value;

use super::analysis::Verdict;
use super::published::PublishedComparison;
use super::study::Study;

/// All tables; the last one describes the columns of the others.
pub(super) fn tables(study: &Study, verdict: &Verdict) -> Vec<Table> {
    let mut tables = vec![
        similarity::wide(study),
        similarity::long(study),
        cells::cells(study),
        timings::timings(study),
        zero_shot::zero_shot(study),
        segmentation::segmentation(study),
        ranking::ranking(study, verdict),
        pairs::pairs(study, verdict),
        robustness::robustness(study, verdict),
        targets::targets(study),
        variation::variation(study, verdict),
        rounding::rounding(study),
        tuning::tuning(study),
        tuning::choices(study),
    ];
    tables.extend(PublishedComparison::of(study).map(|beside| published::published(study, &beside)));
    tables.push(dictionary::dictionary(&tables));
    tables
}
