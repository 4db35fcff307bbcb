use std::{
    cell::RefCell,
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use tch::{Device, Kind, Tensor};

use crate::{CheckpointError, Misshaped, Scope, WeightMismatch, safetensors_file};

/// The named tensors of a file, read from it as they are taken.
///
/// Names are unique; a tensor is there until it is taken. Peak memory is that of the tensors taken, plus one.
#[derive(Debug)]
pub struct Weights {
    path: PathBuf,
    entries: RefCell<BTreeMap<String, Entry>>,
    faults: RefCell<Faults>,
    metadata: BTreeMap<String, String>,
}

/// A tensor in memory, or where in a file it lies.
#[derive(Debug)]
pub(crate) enum Entry {
    Ready(Tensor),
    Safetensors(safetensors_file::Stored),
}

#[derive(Debug, Default)]
struct Faults {
    missing: Vec<String>,
    misshaped: Vec<Misshaped>,
    unreadable: Option<CheckpointError>,
}

impl Weights {
    /// Opens a checkpoint. Its format is told by its content, not by its name.
    ///
    /// # Errors
    /// When the file cannot be read, or is no checkpoint, or is damaged.
    pub fn open(path: &Path) -> Result<Self, CheckpointError> {
        safetensors_file::open(path)
    }

    /// Tensors that are already in memory. `origin` is what error messages call them.
    pub fn from_tensors(
        origin: impl Into<PathBuf>,
        tensors: impl IntoIterator<Item = (String, Tensor)>,
    ) -> Self {
        let entries = tensors.into_iter().map(|(name, tensor)| (name, Entry::Ready(tensor)));
        Self::from_entries(origin.into(), entries.collect())
    }

    pub(crate) fn from_entries(path: PathBuf, entries: BTreeMap<String, Entry>) -> Self {
        Self { path, entries: entries.into(), faults: RefCell::default(), metadata: BTreeMap::new() }
    }

    pub(crate) fn with_metadata(self, metadata: BTreeMap<String, String>) -> Self {
        Self { metadata, ..self }
    }

    /// The file that the tensors came from.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The file's own notes, which only safetensors files have.
    #[must_use]
    pub fn metadata(&self) -> &BTreeMap<String, String> {
        &self.metadata
    }

    /// The names of the tensors not yet taken, sorted.
    #[must_use]
    pub fn names(&self) -> Vec<String> {
        self.entries.borrow().keys().cloned().collect()
    }

    /// The shape of a tensor not yet taken.
    #[must_use]
    pub fn shape(&self, name: &str) -> Option<Vec<i64>> {
        self.entries.borrow().get(name).map(Entry::shape)
    }

    /// Renames every tensor; `None` drops it, which is for what is known not to be a weight.
    #[must_use]
    pub fn rename(self, new_name: impl Fn(&str) -> Option<String>) -> Self {
        let old = self.entries.take();
        let renamed = old.into_iter().filter_map(|(name, entry)| Some((new_name(&name)?, entry)));
        Self { entries: RefCell::new(renamed.collect()), ..self }
    }

    /// The top of the tree of names. Tensors taken below it have this kind, on this device.
    #[must_use]
    pub fn root(&self, kind: Kind, device: Device) -> Scope<'_> {
        Scope::root(self, kind, device)
    }

    /// To be called when the model is built: nothing may be left over, and nothing may have been found wanting.
    ///
    /// # Errors
    /// One error that names the file and every missing, unexpected and misshaped tensor.
    pub fn finish(self) -> Result<(), CheckpointError> {
        let Faults { mut missing, mut misshaped, unreadable } = self.faults.into_inner();
        if let Some(error) = unreadable {
            return Err(error);
        }
        let unexpected: Vec<String> = self.entries.into_inner().into_keys().collect();
        if missing.is_empty() && misshaped.is_empty() && unexpected.is_empty() {
            return Ok(());
        }
        missing.sort();
        misshaped.sort();
        Err(WeightMismatch { path: self.path, missing, unexpected, misshaped }.into())
    }

    pub(crate) fn take(&self, name: &str, shape: &[i64], kind: Kind, device: Device) -> Tensor {
        let Some(entry) = self.entries.borrow_mut().remove(name) else {
            self.faults.borrow_mut().missing.push(name.to_owned());
            return placeholder(shape, kind, device);
        };
        let found = entry.shape();
        if found != shape {
            let misshaped = Misshaped { name: name.to_owned(), expected: shape.to_vec(), found };
            self.faults.borrow_mut().misshaped.push(misshaped);
            return placeholder(shape, kind, device);
        }
        match entry.read() {
            Ok(tensor) => tensor.to_device(device).to_kind(kind),
            Err(error) => {
                self.faults.borrow_mut().unreadable.get_or_insert(error);
                placeholder(shape, kind, device)
            }
        }
    }
}

impl Entry {
    fn shape(&self) -> Vec<i64> {
        match self {
            Self::Ready(tensor) => tensor.size(),
            Self::Safetensors(stored) => stored.shape().to_vec(),
        }
    }

    fn read(self) -> Result<Tensor, CheckpointError> {
        match self {
            Self::Ready(tensor) => Ok(tensor),
            Self::Safetensors(stored) => stored.read(),
        }
    }
}

/// One zero, seen as a whole tensor.
fn placeholder(shape: &[i64], kind: Kind, device: Device) -> Tensor {
    Tensor::zeros([], (kind, device)).expand(shape, false)
}
