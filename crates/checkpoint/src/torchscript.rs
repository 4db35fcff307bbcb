//! TorchScript archives, read as data.
//!
//! libtorch's own loader is not safe for files that others wrote. Tried with 2.11.0, it runs at
//! load what the archive's code gives as default arguments and class constants (`torch.from_file`
//! among them creates files) and folds constants in method bodies for minutes and gigabytes; a
//! storage smaller than its tensor is read beyond its end, and deeply nested code ends the process.
//! So the code is not compiled at all: only names and numbers are read.

mod classes;
mod pickle;
mod tensors;

use crate::{
    CheckpointError, Weights,
    archive::{Archive, LONGEST_PICKLE, PICKLE},
};

/// The parameters and buffers, under the names that `state_dict()` gives them.
pub(crate) fn open(mut archive: Archive) -> Result<Weights, CheckpointError> {
    let data = archive.read(PICKLE, LONGEST_PICKLE)?;
    let root = pickle::parse(&data).map_err(|error| archive.damaged(error))?;
    let entries = tensors::collect(&mut archive, &root)?;
    Ok(Weights::from_entries(archive.source().path.clone(), entries).of_torchscript())
}
