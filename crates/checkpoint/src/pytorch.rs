//! Files of `torch.save`: ZIP archives and, before PyTorch 1.6, pickles followed by the tensors.

use std::{collections::BTreeMap, io, path::Path, sync::Arc};

use pytorch_reader::{PickleError, PickleValue, PytorchError, PytorchReader};

use crate::{
    CheckpointError, Weights,
    entry::{Entry, GRANTED_BYTES, LONGEST_NAME},
    kind,
    pickled::{Pickled, damaged, io_error},
};

/// Reads the names and shapes; the tensors stay in the file until they are taken.
pub(crate) fn open(path: &Path) -> Result<Weights, CheckpointError> {
    let failed = |error| open_error(path, error);
    let content = PytorchReader::read_pickle_data(path, None).map_err(failed)?;
    check(path, &content, 0)?;
    if !matches!(content, PickleValue::Dict(_)) {
        return Err(no_state_dict(path));
    }
    let file_bytes =
        path.metadata().map_err(|source| CheckpointError::Read { path: path.to_owned(), source })?.len();
    let largest = file_bytes.max(GRANTED_BYTES);

    let shared_path = Arc::new(path.to_owned());
    let mut entries = BTreeMap::new();
    for (name, tensor) in PytorchReader::new(path).map_err(failed)?.into_tensors() {
        let unsupported = |what| CheckpointError::Unsupported { path: path.to_owned(), what };
        let kind = kind::of_pytorch(tensor.dtype())
            .ok_or_else(|| unsupported(format!("tensor `{name}` of kind {:?}", tensor.dtype())))?;
        if tensor.byte_len() as u64 > largest {
            return Err(unsupported(format!("tensor `{name}` of {} repeated bytes", tensor.byte_len())));
        }
        entries.insert(name, Entry::Pytorch(Pickled { path: shared_path.clone(), tensor, kind }));
    }
    if entries.is_empty() {
        return Err(no_state_dict(path));
    }
    Ok(Weights::from_entries(path.to_owned(), entries))
}

fn no_state_dict(path: &Path) -> CheckpointError {
    let (what, remedy) =
        ("a pickle without named tensors", "name the file that holds the model's state dict");
    CheckpointError::NotWeights { path: path.to_owned(), what, remedy }
}

/// The reader calls nothing, and leaves what a file wanted called as a mere name. A state dict has
/// no such names, and none longer than any network's: a small file could make many of those.
fn check(path: &Path, value: &PickleValue, name_bytes: usize) -> Result<(), CheckpointError> {
    match value {
        _ if name_bytes > LONGEST_NAME => Err(damaged(path, io::Error::other("its names are too long"))),
        PickleValue::List(items) => items.iter().try_for_each(|item| check(path, item, name_bytes + 1)),
        PickleValue::Dict(items) => {
            items.iter().try_for_each(|(key, item)| check(path, item, name_bytes + key.len() + 1))
        }
        PickleValue::Unsupported(name) if name.contains('.') && name != "torch.Tensor" => {
            Err(CheckpointError::AsksToRun { path: path.to_owned(), callable: name.clone() })
        }
        _ => Ok(()),
    }
}

fn open_error(path: &Path, error: PytorchError) -> CheckpointError {
    match error {
        PytorchError::Io(error) | PytorchError::Pickle(PickleError::Io(error)) => io_error(path, error),
        PytorchError::Pickle(PickleError::UnsupportedType(what)) => CheckpointError::Unsupported {
            path: path.to_owned(),
            what: format!("an object of type `{what}`"),
        },
        PytorchError::Pickle(error) => damaged(path, error),
        PytorchError::Zip(error) => damaged(path, error),
        error => damaged(path, error),
    }
}
