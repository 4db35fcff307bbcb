//! What is to be done about a cell that has ended and is not as it was left.

use experiment::plan::Cell;
use records::{CellFolder, CellRecord, Damage};

/// What a cell needs whose files were looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Need {
    /// It has ended, and all is there.
    Nothing,
    /// To be begun, or to be taken up where it was left.
    Computing,
    /// Its images to be compared with another text than before: it is taken up after its last step.
    Measuring,
    /// Its images and its record to be made again from the saved state.
    Drawing(Vec<Damage>),
    /// To be computed from the start: the saved state does not give what is damaged.
    Anew(Vec<Damage>),
}

impl Need {
    /// What the cell needs, whose record is `record`.
    pub(super) fn of(cell: &Cell, folder: &CellFolder, record: &CellRecord) -> Self {
        if !record.status.is_final() {
            return Self::Computing;
        }
        let damages = folder.damages(record, &[]);
        // The state is that after the last step, from which the last of the frames can be drawn,
        // too.
        let last = format!("frames/{:06}.png", cell.dream.steps());
        let drawn = |damage: &Damage| {
            let file = damage.file.as_str();
            file == "final.png" || file == "best.png" || file == last
        };
        if damages.is_empty() {
            if cell.is_ended_by(record) { Self::Nothing } else { Self::Measuring }
        } else if damages.iter().all(drawn) {
            Self::Drawing(damages)
        } else {
            Self::Anew(damages)
        }
    }

    /// Tells what is going to be done, in the log.
    pub(super) fn log(&self, cell: &Cell) {
        let told = |damages: &[Damage]| damages.iter().map(Damage::to_string).collect::<Vec<_>>().join("; ");
        match self {
            Self::Nothing | Self::Computing | Self::Measuring => {}
            Self::Drawing(damages) => {
                tracing::warn!(cell = cell.id, "{}: drawn again from the saved state", told(damages));
            }
            Self::Anew(damages) => tracing::warn!(cell = cell.id, "{}: computed again", told(damages)),
        }
    }
}
