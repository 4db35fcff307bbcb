//! Cells that were repeated with other rounding.

use records::{CellStatus, PlannedCell, PlannedPlace, RecordError, ResultsFolder};

/// A cell with other rounding that finished.
#[derive(Clone, Debug)]
pub(crate) struct Repeat {
    /// The place in the grid of the cell that it repeats.
    pub(crate) place: PlannedPlace,
    /// Its similarity × 100.
    pub(crate) score: f64,
}

/// The repeated cells in a results folder that have finished as planned; a damaged one counts as
/// not begun.
///
/// # Errors
/// When their plan is unreadable.
pub(super) fn repeats(folder: &ResultsFolder) -> Result<Vec<Repeat>, RecordError> {
    let plan = folder.rounding()?;
    let cells = plan.iter().flat_map(|plan| &plan.cells);
    Ok(cells.filter_map(|planned| repeat(folder, planned)).collect())
}

fn repeat(folder: &ResultsFolder, planned: &PlannedCell) -> Option<Repeat> {
    let record = folder.cell(&planned.id).record().ok()??;
    match record.status {
        CellStatus::Finished(outcome) if record.digest == planned.digest => {
            Some(Repeat { place: planned.place.clone()?, score: 100.0 * outcome.similarity_averaged })
        }
        _ => None,
    }
}
