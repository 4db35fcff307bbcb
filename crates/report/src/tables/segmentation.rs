//! What the segmenter sees: figure 11 in numbers.

use records::{Segments, Share};

use super::{csv, number, strings};
use crate::study::{Cell, Study};

/// A row for every image and class that is in it, the largest first.
pub(super) fn shares(study: &Study) -> Result<Vec<u8>, csv::Error> {
    let header = [
        "cell",
        "prompt",
        "optimizer",
        "seed",
        "class",
        "percent",
        "largest",
        "expected_class",
        "expected_is_largest",
        "model_set",
    ];
    let segmented = |cell: &'_ Cell| cell.evaluation.as_ref()?.segments.clone();
    let lines = study.cells.iter().filter_map(|cell| segmented(cell).map(|segments| lines(cell, &segments)));
    csv(&strings(&header), lines.flatten().collect::<Vec<_>>())
}

fn lines(cell: &Cell, segments: &Segments) -> Vec<Vec<String>> {
    let record = &cell.record;
    let line = |share: &Share| {
        vec![
            record.id.clone(),
            record.prompt.clone(),
            record.optimizer.clone(),
            record.seed.to_string(),
            share.class.clone(),
            number(Some(100.0 * share.share), 4),
            (segments.largest() == Some(share)).to_string(),
            segments.expected.clone().unwrap_or_default(),
            segments.is_right().map(|right| right.to_string()).unwrap_or_default(),
            record.model_set.clone(),
        ]
    };
    segments.shares.iter().map(line).collect()
}
