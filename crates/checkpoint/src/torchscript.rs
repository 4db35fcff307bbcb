//! TorchScript archives, read as data.
//!
//! libtorch's own loader is not safe for files that others wrote. Tried with 2.11.0, it runs at load what the archive's
//! code gives as default arguments and class constants (`torch.from_file` among them creates files) and folds constants
//! in method bodies for minutes and gigabytes; a storage smaller than its tensor is read beyond its end, and deeply
//! nested code ends the process. So the code is not compiled at all: only names and numbers are read.

mod archive;
mod classes;
mod pickle;
mod tensors;

use std::path::Path;

use crate::{CheckpointError, Weights};
use archive::Archive;

/// Whether a ZIP archive is TorchScript's: it alone has constants beside the data.
pub(crate) fn is_one(path: &Path) -> Result<bool, CheckpointError> {
    Ok(Archive::open(path)?.is_torchscript())
}

/// The parameters and buffers, under the names that `state_dict()` gives them.
pub(crate) fn open(path: &Path) -> Result<Weights, CheckpointError> {
    let mut archive = Archive::open(path)?;
    let data = archive.read(pickle::FILE, pickle::LONGEST)?;
    let root = pickle::parse(&data).map_err(|error| archive.damaged(error))?;
    let entries = tensors::collect(&mut archive, &root)?;
    Ok(Weights::from_entries(path.to_owned(), entries))
}
