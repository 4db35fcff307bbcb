use std::{
    collections::BTreeMap,
    fs::File,
    io::{self, Read, Seek, SeekFrom},
    path::{Path, PathBuf},
    sync::Arc,
};

use safetensors::tensor::{Metadata, TensorInfo};
use tch::{Kind, Tensor};

use super::kind_of;
use crate::{CheckpointError, Weights, weights::Entry};

const FORMAT: &str = "safetensors";

/// The header's length, before the header.
const PREFIX: u64 = 8;

/// The longest header that the format allows.
const LONGEST_HEADER: u64 = 100_000_000;

/// A tensor in a safetensors file.
#[derive(Debug)]
pub(crate) struct Stored {
    source: Arc<Source>,
    start: u64,
    bytes: usize,
    shape: Vec<i64>,
    kind: Kind,
}

#[derive(Debug)]
struct Source {
    path: PathBuf,
    file: File,
}

/// Reads the header; the tensors stay in the file until they are taken.
pub(crate) fn open(path: &Path) -> Result<Weights, CheckpointError> {
    let read = |source| CheckpointError::Read { path: path.to_owned(), source };
    let file = File::open(path).map_err(read)?;
    let length = file.metadata().map_err(read)?.len();
    let (header, metadata) = header(&file, length).map_err(|source| damaged(path, source))?;

    let source = Arc::new(Source { path: path.to_owned(), file });
    let mut entries = BTreeMap::new();
    for (name, info) in metadata.tensors() {
        let stored = Stored::new(&source, PREFIX + header, &name, info)?;
        entries.insert(name, Entry::Safetensors(stored));
    }
    let notes = metadata.metadata().iter().flatten().map(|(key, value)| (key.clone(), value.clone()));
    Ok(Weights::from_entries(path.to_owned(), entries).with_metadata(notes.collect()))
}

/// The header and its length in bytes, after it was checked that the file holds exactly what the header announces.
fn header(mut file: &File, length: u64) -> io::Result<(u64, Metadata)> {
    let mut prefix = [0; PREFIX as usize];
    file.read_exact(&mut prefix)?;
    let header = u64::from_le_bytes(prefix);
    if header > LONGEST_HEADER.min(length - PREFIX) {
        return Err(io::Error::other(format!("its header claims {header} bytes, the file has {length}")));
    }
    let mut json = vec![0; header as usize];
    file.read_exact(&mut json)?;
    let metadata: Metadata = serde_json::from_slice(&json)?;
    let announced = PREFIX + header + metadata.data_len() as u64;
    if announced != length {
        return Err(io::Error::other(format!(
            "its header announces {announced} bytes, the file has {length}"
        )));
    }
    Ok((header, metadata))
}

impl Stored {
    fn new(source: &Arc<Source>, base: u64, name: &str, info: &TensorInfo) -> Result<Self, CheckpointError> {
        let unknown =
            || io::Error::other(format!("tensor `{name}` is of kind {}, which is not supported", info.dtype));
        let kind = kind_of(info.dtype).ok_or_else(|| damaged(&source.path, unknown()))?;
        let (start, end) = info.data_offsets;
        let shape = info.shape.iter().map(|&side| side as i64).collect();
        Ok(Self { source: source.clone(), start: base + start as u64, bytes: end - start, shape, kind })
    }

    pub(crate) fn shape(&self) -> &[i64] {
        &self.shape
    }

    pub(crate) fn read(&self) -> Result<Tensor, CheckpointError> {
        let mut file = &self.source.file;
        let mut bytes = vec![0; self.bytes];
        file.seek(SeekFrom::Start(self.start))
            .and_then(|_| file.read_exact(&mut bytes))
            .map_err(|source| CheckpointError::Read { path: self.source.path.clone(), source })?;
        Ok(Tensor::from_data_size(&bytes, &self.shape, self.kind))
    }
}

fn damaged(path: &Path, source: io::Error) -> CheckpointError {
    CheckpointError::Damaged { path: path.to_owned(), format: FORMAT, source: source.into() }
}
