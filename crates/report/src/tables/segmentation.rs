//! Table of segments: figure 11 in numbers.

use records::{Segments, Share};

use super::{Column, Table, Value};
use crate::study::{Cell, Study};

struct Line<'s> {
    cell: &'s Cell,
    segments: &'s Segments,
    share: &'s Share,
}

/// A row for every image and class that is in it, the largest first.
pub(super) fn segmentation(study: &Study) -> Table {
    let segmented = study.cells.iter().filter_map(|cell| {
        let segments = cell.evaluation.as_ref()?.segments.as_ref()?;
        Some(segments.shares.iter().map(move |share| Line { cell, segments, share }))
    });
    let about = "A row for every image and class that the segmenter sees in it, the largest first.";
    Table::new("segmentation", about, columns(), segmented.flatten())
}

fn columns<'s>() -> Vec<Column<Line<'s>>> {
    vec![
        Column::new("cell", "", "Path of the cell below `cells/`", |line: &Line| {
            (&line.cell.record.id).into()
        }),
        Column::new("prompt", "", "Prompt", |line: &Line| (&line.cell.record.prompt).into()),
        Column::new("optimizer", "", "Optimizer", |line: &Line| (&line.cell.record.optimizer).into()),
        Column::new("seed", "", "Seed", |line: &Line| line.cell.record.seed.into()),
        Column::new("class", "", "Class of the segmenter", |line: &Line| (&line.share.class).into()),
        Column::new("percent", "%", "Share of the pixels that have this class", |line: &Line| {
            Value::hundredfold(line.share.share)
        }),
        Column::new("largest", "", "True for the largest class other than the background", |line: &Line| {
            (line.segments.largest() == Some(line.share)).into()
        }),
        Column::new("expected_class", "", "Class that is right for the prompt", |line: &Line| {
            line.segments.expected.as_ref().into()
        }),
        Column::new("expected_is_largest", "", "True if the right class is the largest", |line: &Line| {
            line.segments.is_right().into()
        }),
        Column::new("model_set", "", "Model set of the run", |line: &Line| {
            (&line.cell.record.model_set).into()
        }),
    ]
}
