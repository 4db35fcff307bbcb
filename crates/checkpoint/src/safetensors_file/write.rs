use std::{
    collections::BTreeMap,
    fs::{self, File},
    io::{self, BufWriter, Write},
    path::Path,
};

use regular_files::temporary_beside;
use safetensors::tensor::{Metadata, TensorInfo};
use tch::{Device, Tensor};

use crate::{CheckpointError, kind};

/// Writes a safetensors file whole or not at all: a temporary file in the same folder, made
/// durable, then renamed.
///
/// Tensors may lie on any device and need not be contiguous; each is written in its own kind. The
/// same tensors and metadata give the same bytes.
///
/// # Errors
/// [`CheckpointError::Write`] when the folder cannot be written to, a name occurs twice, or a
/// tensor's kind has no counterpart in the format (quantized and most complex kinds).
pub fn write_safetensors<N: AsRef<str>>(
    path: &Path,
    tensors: &[(N, &Tensor)],
    metadata: &BTreeMap<String, String>,
) -> Result<(), CheckpointError> {
    let temporary = temporary_beside(path);
    let written = write_durably(&temporary, tensors, metadata).and_then(|()| fs::rename(&temporary, path));
    if written.is_err() {
        let _ = fs::remove_file(&temporary); // the first error is the one to tell
    }
    written
        .and_then(|()| sync_folder(path))
        .map_err(|source| CheckpointError::Write { path: path.to_owned(), source })
}

fn write_durably<N: AsRef<str>>(
    path: &Path,
    tensors: &[(N, &Tensor)],
    metadata: &BTreeMap<String, String>,
) -> io::Result<()> {
    let header = header(tensors, metadata)?;
    let mut file = BufWriter::new(File::create(path)?);
    file.write_all(&(header.len() as u64).to_le_bytes())?;
    file.write_all(&header)?;
    for (_, tensor) in tensors {
        file.write_all(&bytes(tensor))?;
    }
    file.into_inner()?.sync_all()
}

/// The JSON header, its keys sorted, padded with spaces so that the data start at a multiple of
/// eight bytes.
fn header<N: AsRef<str>>(
    tensors: &[(N, &Tensor)],
    metadata: &BTreeMap<String, String>,
) -> io::Result<Vec<u8>> {
    let mut infos = BTreeMap::new();
    let mut end = 0;
    for (name, tensor) in tensors {
        let name = name.as_ref();
        let kind = tensor.kind();
        let dtype =
            kind::to_dtype(kind).ok_or_else(|| invalid(format!("tensor `{name}` is of kind {kind:?}")))?;
        let start = end;
        end += tensor.numel() * kind.elt_size_in_bytes();
        let shape = tensor.size().into_iter().map(|side| side as usize).collect();
        let info = TensorInfo { dtype, shape, data_offsets: (start, end) };
        if infos.insert(name.to_owned(), info).is_some() {
            return Err(invalid(format!("two tensors are named `{name}`")));
        }
    }
    let mut infos: Vec<_> = infos.into_iter().collect();
    infos.sort_by_key(|(_, info)| info.data_offsets);
    let notes = (!metadata.is_empty()).then(|| metadata.clone().into_iter().collect());
    let header = Metadata::new(notes, infos).map_err(io::Error::other)?;
    let mut json = serde_json::to_value(&header)?.to_string().into_bytes();
    json.resize(json.len().next_multiple_of(8), b' ');
    Ok(json)
}

fn bytes(tensor: &Tensor) -> Vec<u8> {
    let tensor = tensor.to_device(Device::Cpu).contiguous();
    let mut bytes = vec![0; tensor.numel() * tensor.kind().elt_size_in_bytes()];
    tensor.copy_data_u8(&mut bytes, tensor.numel());
    bytes
}

/// A rename is durable once its folder is.
fn sync_folder(path: &Path) -> io::Result<()> {
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    if cfg!(unix) { File::open(folder)?.sync_all() } else { Ok(()) }
}

fn invalid(what: String) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, what)
}
