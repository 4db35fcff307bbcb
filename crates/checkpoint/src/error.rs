use std::{error::Error, io, path::PathBuf};

use thiserror::Error;

use crate::WeightMismatch;

/// Errors of reading a checkpoint. Every message names the file and says what to do.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum CheckpointError {
    /// There is no such file.
    #[error("there is no file `{}`: check the path, or fetch the weights", printable::path(path))]
    NotFound {
        /// The file.
        path: PathBuf,
    },
    /// The path leads to something that is not a regular file: a folder, for one.
    #[error("`{}` is {what}, not a file: name the weights file itself", printable::path(path))]
    NotAFile {
        /// The path.
        path: PathBuf,
        /// Description of the file's actual kind.
        what: &'static str,
    },
    /// The file cannot be opened or read.
    #[error("cannot read `{}`: check its permissions and the disk", printable::path(path))]
    Read {
        /// The file.
        path: PathBuf,
        /// Error reported by the operating system.
        source: io::Error,
    },
    /// The file is whole, but not of a format that holds weights.
    #[error("`{}` is {what}, not weights: {remedy}", printable::path(path))]
    NotWeights {
        /// The file.
        path: PathBuf,
        /// Description of what the file seems to be.
        what: &'static str,
        /// Remedy.
        remedy: &'static str,
    },
    /// The file is of a known format, but its parts contradict each other.
    #[error("`{}` is a damaged {format} file: fetch it again", printable::path(path))]
    Damaged {
        /// The file.
        path: PathBuf,
        /// The format that its first bytes announce.
        format: &'static str,
        /// The underlying error.
        source: Box<dyn Error + Send + Sync>,
    },
    /// The file asks for code to be run. None was.
    #[error(
        "`{}` asks to run `{callable}`, which is never done: \
         get the weights from a source that you trust, best as safetensors",
        printable::path(path)
    )]
    AsksToRun {
        /// The file.
        path: PathBuf,
        /// The callable's name, as Python spells it.
        callable: String,
    },
    /// The file holds something that this crate has no way to represent.
    #[error(
        "`{}` holds {what}, which cannot be read: save the plain tensors as safetensors",
        printable::path(path)
    )]
    Unsupported {
        /// The file.
        path: PathBuf,
        /// Description of its content.
        what: String,
    },
    /// A tensor was read, but does not fit on the device or cannot be converted.
    #[error(
        "tensor `{name}` of `{}` cannot be loaded: free some memory, or choose another device",
        printable::path(path)
    )]
    Load {
        /// The file.
        path: PathBuf,
        /// The tensor.
        name: String,
        /// Error reported by libtorch.
        source: tch::TchError,
    },
    /// The tensors are not the ones that the model needs.
    #[error(transparent)]
    Mismatch(#[from] WeightMismatch),
    /// The file cannot be written.
    #[error(
        "cannot write `{}`: check the folder's permissions and the disk's free space",
        printable::path(path)
    )]
    Write {
        /// The file.
        path: PathBuf,
        /// The underlying error.
        source: io::Error,
    },
}
