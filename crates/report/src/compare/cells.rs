//! A cell on both sides.

use std::collections::BTreeMap;

use records::{LARGEST_RECORD, read_regular};
use serde::Serialize;

use crate::study::{Cell, Study};
use crate::summary::state;
use crate::tables::number;

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
    /// Whether it was computed with the same settings and models.
    pub same_settings: bool,
    /// Whether the final images are the same to the byte; `None` unless both are there.
    pub same_image: Option<bool>,
}

/// How a cell ended, and what it reached.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct State {
    /// Such as `finished` or `diverged at step 41`.
    pub status: String,
    /// 100 × cosine of the final image with its class name, if it finished.
    pub similarity: Option<f64>,
}

impl CellPair {
    pub(super) const FIELDS: [&str; 8] = [
        "cell",
        "left_status",
        "right_status",
        "left_similarity_x100",
        "right_similarity_x100",
        "difference",
        "same_settings",
        "same_image",
    ];

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

    pub(super) fn fields(&self) -> Vec<String> {
        vec![
            printable::line(&self.cell).into_owned(),
            printable::line(&self.left.status).into_owned(),
            printable::line(&self.right.status).into_owned(),
            number(self.left.similarity, 4),
            number(self.right.similarity, 4),
            number(self.difference, 4),
            self.same_settings.to_string(),
            self.same_image.map(|same| same.to_string()).unwrap_or_default(),
        ]
    }
}

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
