use std::{error::Error, io, path::PathBuf};

use thiserror::Error;

use crate::WeightMismatch;

/// What is wrong with a checkpoint. Every message names the file.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum CheckpointError {
    /// The file cannot be opened or read.
    #[error("failed to read checkpoint `{}`", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The file is of a known format, but damaged.
    #[error("`{}` is a damaged {format} file: fetch it again", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// The format that its first bytes announce.
        format: &'static str,
        /// What is wrong with it.
        source: Box<dyn Error + Send + Sync>,
    },
    /// The tensors are not the ones that the model needs.
    #[error(transparent)]
    Mismatch(#[from] WeightMismatch),
    /// The file cannot be written.
    #[error("failed to write checkpoint `{}`", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}
