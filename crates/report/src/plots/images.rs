//! The final images of all cells on a sheet: rows are prompts (with seeds and axes), columns optimizers.

use std::collections::BTreeSet;

use super::raster::Rasterizer;
use super::sheet::{Place, Row, Sheet, pages, side_of};
use super::{DrawError, Figure};
use crate::study::{Cell, Study};
use crate::summary::state;

/// The largest side of an image on the sheet, in pixels.
const LARGEST: u32 = 320;

/// The sheets: `images`, then `images-2` and so on.
pub(super) fn draw(study: &Study, rasterizer: &Rasterizer) -> Result<Vec<Figure>, DrawError> {
    let Some(finished) = study.cells.iter().find(|cell| cell.outcome().is_some()) else {
        return Ok(Vec::new());
    };
    let sheet = Sheet {
        name: "images",
        title: format!("Images of {}", study.experiment),
        subtitle: format!(
            "model set {} · below each image: 100 × its cosine with the class name",
            study.model_set
        ),
        columns: study.optimizers.clone(),
        rows: rows(study),
        side: side_of(&finished.final_image, LARGEST)?,
        legend: Vec::new(),
    };
    pages(&sheet, rasterizer)
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
