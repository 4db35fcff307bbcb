//! Steps that bring records to their places.

use records::{CellRecord, RecordError, ResultsFolder};

/// A change of a results folder that is done whole or not at all.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Step {
    Move { from: String, to: String },
    Write(Box<CellRecord>),
}

impl Step {
    pub(super) fn take(&self, results: &ResultsFolder) -> Result<(), RecordError> {
        match self {
            Self::Move { from, to } => results.move_cell(from, to),
            Self::Write(record) => results.cell(&record.id).write_record(record),
        }
    }
}

/// A record that cannot be brought to its place.
#[derive(Debug, thiserror::Error)]
pub(super) enum SettleError {
    #[error(transparent)]
    Record(#[from] RecordError),
    #[error("the settings of a cell cannot be written as TOML")]
    Encode(#[from] toml::ser::Error),
}

impl SettleError {
    /// Returns true if another shard has moved the cell meanwhile.
    pub(super) fn is_overtaken(&self) -> bool {
        matches!(self, Self::Record(RecordError::Move { source, .. }) if source.kind() == std::io::ErrorKind::NotFound)
    }
}
