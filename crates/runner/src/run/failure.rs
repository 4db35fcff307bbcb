use std::error::Error;

use bigsleep::DreamError;

use super::save_error::SaveError;
use crate::models::LoadError;

/// Why a batch did not come to its end.
pub(super) enum Failure {
    /// The models cannot be loaded: no cell can be computed.
    Models(LoadError),
    OutOfMemory(String),
    Other(String),
}

impl Failure {
    pub(super) fn of_message(message: String) -> Self {
        if torch_ext::is_exhaustion(&message) { Self::OutOfMemory(message) } else { Self::Other(message) }
    }
}

impl From<LoadError> for Failure {
    fn from(error: LoadError) -> Self {
        match error {
            LoadError::Dreamer { .. } => Self::Other(chain(&error)), // these settings' fault
            _ => Self::Models(error),
        }
    }
}

impl From<SaveError> for Failure {
    fn from(error: SaveError) -> Self {
        match &error {
            SaveError::Dream(DreamError::OutOfMemory { .. }) => Self::OutOfMemory(chain(&error)),
            _ => Self::Other(chain(&error)),
        }
    }
}

/// An error with its causes, in a line.
pub(crate) fn chain(error: &dyn Error) -> String {
    let mut messages = vec![error.to_string()];
    let mut cause = error.source();
    while let Some(error) = cause {
        messages.push(error.to_string());
        cause = error.source();
    }
    messages.dedup();
    messages.join(": ")
}
