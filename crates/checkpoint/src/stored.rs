use std::{
    fs::File,
    io::{self, Read, Seek, SeekFrom},
    path::PathBuf,
    sync::Arc,
};

use tch::{Kind, Tensor};

use crate::{CheckpointError, error::load_error};

/// An open checkpoint whose tensors lie in it as plain bytes.
#[derive(Debug)]
pub(crate) struct Source {
    pub(crate) path: PathBuf,
    pub(crate) format: &'static str,
    pub(crate) file: File,
}

/// Byte range of a tensor in a file, checked against the file's length.
#[derive(Debug)]
pub(crate) struct Stored {
    pub(crate) source: Arc<Source>,
    pub(crate) start: u64,
    pub(crate) bytes: usize,
    pub(crate) shape: Vec<i64>,
    /// Given where the elements are not in row-major order.
    pub(crate) strides: Option<Vec<i64>>,
    pub(crate) kind: Kind,
    /// The checksum of the bytes, where the file has one for exactly these.
    pub(crate) crc32: Option<u32>,
}

impl Stored {
    pub(crate) fn read(&self, name: &str) -> Result<Tensor, CheckpointError> {
        let bytes = self.read_bytes()?;
        if self.crc32.is_some_and(|crc32| crc32 != crc32fast::hash(&bytes)) {
            return Err(self.source.damaged(format!("the checksum of tensor `{name}` is wrong")));
        }
        self.arrange(&bytes).map_err(load_error(&self.source.path, name))
    }

    fn read_bytes(&self) -> Result<Vec<u8>, CheckpointError> {
        let mut file = &self.source.file;
        let mut bytes = vec![0; self.bytes];
        file.seek(SeekFrom::Start(self.start))
            .and_then(|_| file.read_exact(&mut bytes))
            .map_err(|error| self.source.unreadable(error))?;
        Ok(bytes)
    }

    fn arrange(&self, bytes: &[u8]) -> Result<Tensor, tch::TchError> {
        let Some(strides) = &self.strides else {
            return Tensor::f_from_data_size(bytes, &self.shape, self.kind);
        };
        let elements = (self.bytes / self.kind.elt_size_in_bytes()) as i64;
        let storage = Tensor::f_from_data_size(bytes, &[elements], self.kind)?;
        storage.f_as_strided(&self.shape, strides, 0)?.f_contiguous()
    }
}

impl Source {
    /// Only an error of the system's has a number; all others are about the content.
    pub(crate) fn unreadable(&self, error: io::Error) -> CheckpointError {
        match error.raw_os_error() {
            Some(_) => CheckpointError::Read { path: self.path.clone(), source: error },
            None => self.damaged(error),
        }
    }

    pub(crate) fn damaged(
        &self,
        reason: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> CheckpointError {
        CheckpointError::Damaged { path: self.path.clone(), format: self.format, source: reason.into() }
    }
}
