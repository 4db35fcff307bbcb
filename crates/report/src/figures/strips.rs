//! Image strips: a row for every cell, from its first saved image to its last.

use super::sheet::{Place, Row, Sheet, side_of};
use crate::study::{Cell, Study};

/// The largest side of an image on the strips, in pixels.
const LARGEST: u32 = 192;
/// More cells than this are not shown: it would take many large sheets that nobody looks through.
const MOST: usize = 48;
/// Images in a row.
const COLUMNS: usize = 8;

/// The figure's name.
pub(super) const NAME: &str = "strips";

/// The sheet; nothing if no cell has saved more than one image.
pub(super) fn sheet(study: &Study) -> Option<Sheet> {
    let longest = study.cells.iter().max_by_key(|cell| cell.frames.len());
    let longest = longest.filter(|cell| 1 < cell.frames.len())?;
    let steps: Vec<u32> = longest.some_frames(COLUMNS).map(|(step, _)| *step).collect();
    let mut subtitle = format!("model set {} · images of the averaged latents", study.model_set);
    if MOST < study.cells.len() {
        subtitle += &format!(" · the first {MOST} of {} cells", study.cells.len());
    }
    Some(Sheet {
        name: NAME,
        title: format!("How the images of {} came about", study.experiment),
        subtitle,
        columns: steps.iter().map(|step| format!("step {step}")).collect(),
        rows: study.cells.iter().take(MOST).map(|cell| row(study, cell, &steps)).collect(),
        side: side_of(longest.frames.iter().map(|(_, path)| path), LARGEST),
        legend: Vec::new(),
    })
}

fn row(study: &Study, cell: &Cell, steps: &[u32]) -> Row {
    let mut notes = vec![cell.record.optimizer.clone()];
    notes.extend(study.notes(cell.row, cell.record.seed));
    let place = |step: &u32| match cell.frames.iter().find(|(of, _)| of == step) {
        Some((_, path)) => Place::Image { path: path.clone(), below: String::new() },
        None => Place::Empty("—".to_owned()),
    };
    Row { heading: cell.record.prompt.clone(), notes, places: steps.iter().map(place).collect() }
}
