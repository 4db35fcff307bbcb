use std::{
    error::Error,
    io,
    path::{Path, PathBuf},
    sync::Arc,
};

use tch::{Kind, Tensor};

use crate::{CheckpointError, error::load_error};

const FORMAT: &str = "PyTorch";

/// A tensor in a file of PyTorch's, read on demand.
#[derive(Debug)]
pub(crate) struct Pickled {
    pub(crate) path: Arc<PathBuf>,
    pub(crate) tensor: pytorch_reader::Tensor,
    pub(crate) kind: Kind,
}

impl Pickled {
    pub(crate) fn shape(&self) -> Vec<i64> {
        self.tensor.shape().iter().map(|&side| side as i64).collect()
    }

    pub(crate) fn kind(&self) -> Kind {
        self.kind
    }

    pub(crate) fn read(&self, name: &str) -> Result<Tensor, CheckpointError> {
        let bytes = self.tensor.read().map_err(|error| io_error(&self.path, error))?;
        Tensor::f_from_data_size(&bytes, &self.shape(), self.kind).map_err(load_error(&self.path, name))
    }
}

/// An error of the system's has a number; all others are about the content.
pub(crate) fn io_error(path: &Path, source: io::Error) -> CheckpointError {
    if source.raw_os_error().is_some() {
        CheckpointError::Read { path: path.to_owned(), source }
    } else {
        damaged(path, source)
    }
}

pub(crate) fn damaged(path: &Path, source: impl Error + Send + Sync + 'static) -> CheckpointError {
    CheckpointError::Damaged { path: path.to_owned(), format: FORMAT, source: Box::new(source) }
}
