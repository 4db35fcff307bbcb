//! The final images of all cells on a sheet: rows are prompts (with seeds and axes), columns
//! optimizers.

use std::collections::BTreeSet;

use super::sheet::{Place, Row, Sheet, side_of};
use crate::study::{Cell, Study};
use crate::summary::state;

/// The largest side of an image on the sheet, in pixels.
const LARGEST: u32 = 320;

/// The figure's name.
pub(super) const NAME: &str = "images";

/// The sheet; nothing if no cell finished.
pub(super) fn sheet(study: &Study) -> Option<Sheet> {
    let mut finished = study.cells.iter().filter(|cell| cell.outcome().is_some()).peekable();
    finished.peek()?;
    Some(Sheet {
        name: NAME,
        title: format!("Images of {}", study.experiment),
        subtitle: format!(
            "model set {} · below each image: 100 × its cosine with the class name",
            study.model_set
        ),
        columns: study.optimizers.clone(),
        rows: rows(study),
        side: side_of(finished.map(|cell| &cell.final_image), LARGEST),
        legend: Vec::new(),
    })
}

fn rows(study: &Study) -> Vec<Row> {
    let seeds = |row: usize| -> BTreeSet<u64> {
        study.cells.iter().filter(|cell| cell.row == row).map(|cell| cell.record.seed).collect()
    };
    let row = |row: usize, seed: u64| {
        let cell = |optimizer: usize| study.at(row, optimizer).find(|cell| cell.record.seed == seed);
        let places = (0..study.optimizers.len()).map(|optimizer| place(cell(optimizer))).collect();
        Row {
            heading: study.prompts[study.rows[row].prompt].text.clone(),
            notes: study.notes(row, seed),
            places,
        }
    };
    (0..study.rows.len())
        .flat_map(|place| seeds(place).into_iter().map(move |seed| row(place, seed)))
        .collect()
}

fn place(cell: Option<&Cell>) -> Place {
    match cell {
        None => Place::Empty("not begun".to_owned()),
        Some(cell) => match cell.similarity() {
            Some(similarity) => {
                Place::Image { path: cell.final_image.clone(), below: format!("{similarity:.2}") }
            }
            None => Place::Empty(state(&cell.record.status)),
        },
    }
}
