use std::path::Path;

use tch::{Device, Kind, Tensor};
use torch_ext::no_grad;

use crate::{CheckpointError, error::load_error, pickled::Pickled, stored::Stored};

/// Views may repeat elements, so a small file can hold a large tensor: this much is granted to any
/// file.
pub(crate) const GRANTED_BYTES: u64 = 64 << 20;

/// In bytes: far longer than any network's, and short enough that a hundred thousand do no harm.
pub(crate) const LONGEST_NAME: usize = 1000;

/// A tensor in memory, or where in a file it lies.
#[derive(Debug)]
pub(crate) enum Entry {
    Ready(Tensor),
    Stored(Stored),
    Pytorch(Pickled),
}

impl Entry {
    pub(crate) fn shape(&self) -> Vec<i64> {
        match self {
            Self::Ready(tensor) => tensor.size(),
            Self::Stored(stored) => stored.shape.clone(),
            Self::Pytorch(pickled) => pickled.shape(),
        }
    }

    pub(crate) fn kind(&self) -> Kind {
        match self {
            Self::Ready(tensor) => tensor.kind(),
            Self::Stored(stored) => stored.kind,
            Self::Pytorch(pickled) => pickled.kind(),
        }
    }

    /// The tensor as it was saved, on the CPU.
    pub(crate) fn read(self, name: &str) -> Result<Tensor, CheckpointError> {
        match self {
            Self::Ready(tensor) => Ok(tensor),
            Self::Stored(stored) => stored.read(name),
            Self::Pytorch(pickled) => pickled.read(name),
        }
    }

    /// The tensor as a model wants it, the model's own: one that was in memory is copied. `path` is
    /// for error messages.
    pub(crate) fn load(
        self,
        path: &Path,
        name: &str,
        kind: Kind,
        device: Device,
    ) -> Result<Tensor, CheckpointError> {
        let copy = matches!(self, Self::Ready(_));
        let tensor = self.read(name)?;
        no_grad(|| tensor.f_to_device(device)?.f_to_dtype(kind, false, copy)).map_err(load_error(path, name))
    }
}
