//! A cell on both sides.

use std::collections::BTreeMap;

use records::{LARGEST_RECORD, read_regular};
use serde::Serialize;

use crate::study::{Cell, Study};
use crate::summary::state;
use crate::tables::{Column, Table, Value};

/// A cell of both folders.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CellPair {
    /// Its path.
    pub cell: String,
    /// The left one.
    pub left: State,
    /// The right one.
    pub right: State,
    /// The right one's similarity less the left one's, if both finished.
    pub difference: Option<f64>,
    /// True if it was computed with the same settings and models.
    pub same_settings: bool,
    /// True if the final images are the same to the byte; `None` unless both are there.
    pub same_image: Option<bool>,
}

/// Status and outcome of a cell.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct State {
    /// Such as `finished` or `diverged at step 41`.
    pub status: String,
    /// 100 × cosine of the final image with its class name, if it finished.
    pub similarity: Option<f64>,
}

impl CellPair {
    pub(super) fn of(left: &Cell, right: &Cell) -> Self {
        let similarities = left.similarity().zip(right.similarity());
        let images = image(left).zip(image(right));
        Self {
            cell: left.record.id.clone(),
            left: State::of(left),
            right: State::of(right),
            difference: similarities.map(|(left, right)| right - left),
            same_settings: left.record.digest == right.record.digest,
            same_image: images.map(|(left, right)| left == right),
        }
    }
}

/// The cells of both folders as a table.
pub(super) fn table(cells: &[CellPair]) -> Table {
    let text = |text: &str| Value::Text(printable::line(text).into_owned());
    let columns = vec![
        Column::new("cell", "", "Path of the cell", move |pair: &&CellPair| text(&pair.cell)),
        Column::new("left_status", "", "Status on the left", move |pair: &&CellPair| text(&pair.left.status)),
        Column::new("right_status", "", "Status on the right", move |pair: &&CellPair| {
            text(&pair.right.status)
        }),
        Column::new("left_similarity_x100", X100, "Similarity on the left", |pair: &&CellPair| {
            Value::real(pair.left.similarity, 4)
        }),
        Column::new("right_similarity_x100", X100, "Similarity on the right", |pair: &&CellPair| {
            Value::real(pair.right.similarity, 4)
        }),
        Column::new("difference", X100, "The right one minus the left one", |pair: &&CellPair| {
            Value::real(pair.difference, 4)
        }),
        Column::new("same_settings", "", "True for the same settings and models", |pair: &&CellPair| {
            pair.same_settings.into()
        }),
        Column::new("same_image", "", "True for final images of the same bytes", |pair: &&CellPair| {
            pair.same_image.into()
        }),
    ];
    Table::new("compare", "A row for every cell that both folders have.", columns, cells)
}

const X100: &str = "cosine × 100";

impl State {
    fn of(cell: &Cell) -> Self {
        Self { status: state(&cell.record.status), similarity: cell.similarity() }
    }
}

/// The final image's bytes, if the cell finished and it can be read.
fn image(cell: &Cell) -> Option<Vec<u8>> {
    cell.outcome().and_then(|_| read_regular(&cell.final_image, LARGEST_RECORD).ok())
}

/// The cells of both, in the left one's order.
pub(super) fn matched<'s>(left: &'s Study, right: &'s Study) -> Vec<(&'s Cell, &'s Cell)> {
    let known: BTreeMap<&str, &Cell> = right.cells.iter().map(|cell| (&*cell.record.id, cell)).collect();
    left.cells.iter().filter_map(|cell| Some((cell, *known.get(&*cell.record.id)?))).collect()
}

/// The cells of `one` that `other` has not begun.
pub(super) fn only(one: &Study, other: &Study) -> Vec<String> {
    let ids = one.cells.iter().map(|cell| &cell.record.id);
    ids.filter(|id| other.cells.iter().all(|cell| cell.record.id != **id)).cloned().collect()
}
