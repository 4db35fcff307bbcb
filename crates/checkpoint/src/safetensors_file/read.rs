use std::{collections::BTreeMap, fs::File, io::Read, path::Path, sync::Arc};

use safetensors::tensor::{Metadata, TensorInfo};

use crate::{
    CheckpointError, Weights,
    entry::Entry,
    kind,
    stored::{Source, Stored},
};

/// The header's length, before the header.
const PREFIX: u64 = 8;

/// The longest header that the format allows.
const LONGEST_HEADER: u64 = 100_000_000;

/// Reads the header; the tensors stay in the file until they are taken.
pub(crate) fn open(path: &Path) -> Result<Weights, CheckpointError> {
    let read = |source| CheckpointError::Read { path: path.to_owned(), source };
    let file = File::open(path).map_err(read)?;
    let length = file.metadata().map_err(read)?.len();
    let source = Arc::new(Source { path: path.to_owned(), format: "safetensors", file });
    let (data_start, metadata) = header(&source, length)?;

    let mut entries = BTreeMap::new();
    for (name, info) in metadata.tensors() {
        let stored = stored(&source, data_start, &name, info)?;
        entries.insert(name, Entry::Stored(stored));
    }
    let notes = metadata.metadata().iter().flatten().map(|(key, value)| (key.clone(), value.clone()));
    Ok(Weights::from_entries(path.to_owned(), entries).with_metadata(notes.collect()))
}

/// The header, and where the data begin. The file holds exactly what the header announces.
fn header(source: &Source, length: u64) -> Result<(u64, Metadata), CheckpointError> {
    let read = |error| CheckpointError::Read { path: source.path.clone(), source: error };
    let mut file = &source.file;
    let mut prefix = [0; PREFIX as usize];
    file.read_exact(&mut prefix).map_err(read)?;
    let claimed = u64::from_le_bytes(prefix);
    if claimed > LONGEST_HEADER.min(length - PREFIX) {
        return Err(source.damaged(format!("its header claims {claimed} bytes, the file has {length}")));
    }
    let mut json = vec![0; claimed as usize];
    file.read_exact(&mut json).map_err(read)?;
    let metadata: Metadata = serde_json::from_slice(&json).map_err(|error| source.damaged(error))?;
    let data_start = PREFIX + claimed;
    let announced = data_start + metadata.data_len() as u64;
    if announced != length {
        return Err(source.damaged(format!("its header announces {announced} bytes, the file has {length}")));
    }
    Ok((data_start, metadata))
}

/// The offsets were checked when the header was parsed: they follow each other and agree with shape
/// and kind.
fn stored(
    source: &Arc<Source>,
    data_start: u64,
    name: &str,
    info: &TensorInfo,
) -> Result<Stored, CheckpointError> {
    let kind = kind::of_dtype(info.dtype).ok_or_else(|| CheckpointError::Unsupported {
        path: source.path.clone(),
        what: format!("tensor `{name}` of kind {}", info.dtype),
    })?;
    let (start, end) = info.data_offsets;
    let shape = info.shape.iter().map(|&side| i64::try_from(side)).collect::<Result<_, _>>();
    Ok(Stored {
        source: source.clone(),
        start: data_start + start as u64,
        bytes: end - start,
        shape: shape.map_err(|error| source.damaged(error))?,
        strides: None,
        kind,
        crc32: None,
    })
}
