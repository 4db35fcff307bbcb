use std::{
    cell::RefCell,
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use tch::{Device, Kind, Tensor};

use crate::{CheckpointError, Misshaped, WeightMismatch, entry::Entry};

/// The named tensors of a file, each read from it when it is taken.
///
/// Names are unique; a tensor is there until it is taken. Peak memory is that of the tensors taken
/// so far, and up to three times that of the one being read.
#[derive(Debug)]
pub struct Weights {
    path: PathBuf,
    entries: RefCell<BTreeMap<String, Entry>>,
    faults: RefCell<Faults>,
    metadata: BTreeMap<String, String>,
    data: bool, // whether tensors that are taken are read
    torchscript: bool,
}

#[derive(Debug, Default)]
struct Faults {
    taken: usize,
    missing: Vec<String>,
    misshaped: Vec<Misshaped>,
    unreadable: Option<CheckpointError>,
}

impl Weights {
    /// Tensors that are already in memory; a model takes copies of them. `origin` is what error
    /// messages call them.
    pub fn from_tensors(
        origin: impl Into<PathBuf>,
        tensors: impl IntoIterator<Item = (String, Tensor)>,
    ) -> Self {
        let entries = tensors.into_iter().map(|(name, tensor)| (name, Entry::Ready(tensor)));
        Self::from_entries(origin.into(), entries.collect())
    }

    pub(crate) fn from_entries(path: PathBuf, entries: BTreeMap<String, Entry>) -> Self {
        Self {
            path,
            entries: entries.into(),
            faults: RefCell::default(),
            metadata: BTreeMap::new(),
            data: true,
            torchscript: false,
        }
    }

    pub(crate) fn with_metadata(self, metadata: BTreeMap<String, String>) -> Self {
        Self { metadata, ..self }
    }

    pub(crate) fn of_torchscript(self) -> Self {
        Self { torchscript: true, ..self }
    }

    /// Names, kinds and shapes without the numbers: a tensor that is taken is compared
    /// with what is wanted and not read, and a placeholder takes its place.
    /// [`finish`](Self::finish) then tells whether a file fits a model, at the cost of its header.
    #[must_use]
    pub fn without_data(self) -> Self {
        Self { data: false, ..self }
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

    /// Returns true if the file is a TorchScript archive.
    #[must_use]
    pub fn is_torchscript(&self) -> bool {
        self.torchscript
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

    /// The kind in which a tensor not yet taken was saved.
    #[must_use]
    pub fn kind(&self, name: &str) -> Option<Kind> {
        self.entries.borrow().get(name).map(Entry::kind)
    }

    /// Renames every tensor; `None` drops it, which is for what is known not to be a weight.
    ///
    /// A tensor whose new name is already another's keeps its old one, so that `finish` reports it
    /// as unexpected.
    #[must_use]
    pub fn rename(self, new_name: impl Fn(&str) -> Option<String>) -> Self {
        let mut renamed = BTreeMap::new();
        for (old, entry) in self.entries.take() {
            let Some(new) = new_name(&old) else { continue };
            let name = if renamed.contains_key(&new) { old } else { new };
            renamed.insert(name, entry);
        }
        Self { entries: RefCell::new(renamed), ..self }
    }

    /// Takes a tensor out as it was saved, on the CPU, to put others in its place with
    /// [`insert`](Self::insert): splitting and joining is done with these two, before a model takes
    /// its weights.
    ///
    /// `None` if there is no such tensor, or if it cannot be read; [`finish`](Self::finish) then
    /// tells why.
    #[must_use]
    pub fn remove(&self, name: &str) -> Option<Tensor> {
        let entry = self.entries.borrow_mut().remove(name)?;
        self.or_fault(entry.read(name))
    }

    /// Adds a tensor, or replaces the one of that name.
    pub fn insert(&self, name: impl Into<String>, tensor: Tensor) {
        self.entries.borrow_mut().insert(name.into(), Entry::Ready(tensor));
    }

    /// To be called when the model is built: nothing may be left over, and nothing may have been
    /// found wanting.
    ///
    /// # Errors
    /// The first tensor that could not be read; or else one error that names every missing,
    /// unexpected and misshaped tensor.
    pub fn finish(self) -> Result<(), CheckpointError> {
        let Faults { taken, mut missing, mut misshaped, unreadable } = self.faults.into_inner();
        if let Some(error) = unreadable {
            return Err(error);
        }
        let unexpected: Vec<String> = self.entries.into_inner().into_keys().collect();
        if missing.is_empty() && misshaped.is_empty() && unexpected.is_empty() {
            return Ok(());
        }
        missing.sort();
        misshaped.sort();
        Err(WeightMismatch { path: self.path, fitting: taken, missing, unexpected, misshaped }.into())
    }

    pub(crate) fn take(&self, name: &str, shape: &[i64], kind: Kind, device: Device) -> Tensor {
        self.take_fitting(name, shape, kind, device).unwrap_or_else(|| placeholder(shape, kind, device))
    }

    /// `None` leaves a fault behind, or stands for what was not to be read.
    fn take_fitting(&self, name: &str, shape: &[i64], kind: Kind, device: Device) -> Option<Tensor> {
        let Some(entry) = self.entries.borrow_mut().remove(name) else {
            self.faults.borrow_mut().missing.push(name.to_owned());
            return None;
        };
        let found = entry.shape();
        if found != shape {
            let misshaped = Misshaped { name: name.to_owned(), expected: shape.to_vec(), found };
            self.faults.borrow_mut().misshaped.push(misshaped);
            return None;
        }
        self.faults.borrow_mut().taken += 1;
        if !self.data {
            return None;
        }
        self.or_fault(entry.load(&self.path, name, kind, device))
    }

    fn or_fault(&self, read: Result<Tensor, CheckpointError>) -> Option<Tensor> {
        read.map_err(|error| {
            self.faults.borrow_mut().unreadable.get_or_insert(error);
        })
        .ok()
    }
}

/// One zero, seen as a whole tensor; a mere zero where no tensor can have that shape.
fn placeholder(shape: &[i64], kind: Kind, device: Device) -> Tensor {
    let zero = Tensor::zeros([], (kind, device));
    zero.f_expand(shape, false).unwrap_or(zero)
}
