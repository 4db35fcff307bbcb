use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use records::{CellFolder, ResultsFolder};

use super::Place;

type Fault = dyn Fn(Place, &[String]) + Send + Sync;

/// Tests run beside each other: a fault is of a results folder.
static FAULTS: Mutex<Vec<(PathBuf, Arc<Fault>)>> = Mutex::new(Vec::new());

/// Fails where a test has injected a fault for these cells.
pub(in crate::run) fn at<'f>(place: Place, cells: impl IntoIterator<Item = &'f CellFolder>) {
    let cells: Vec<&Path> = cells.into_iter().map(CellFolder::path).collect();
    let Some(first) = cells.first() else { return };
    let faults = FAULTS.lock().unwrap_or_else(PoisonError::into_inner);
    let of_folder = faults.iter().find(|(folder, _)| first.starts_with(folder)).cloned();
    drop(faults); // the fault panics
    if let Some((folder, fault)) = of_folder {
        let id = |cell: &&Path| cell.strip_prefix(folder.join("cells")).unwrap().display().to_string();
        fault(place, &cells.iter().map(id).collect::<Vec<_>>());
    }
}

/// Calls `fault` with the place and its cells wherever a run in this folder may fail.
pub(super) fn inject(results: &ResultsFolder, fault: impl Fn(Place, &[String]) + Send + Sync + 'static) {
    FAULTS.lock().unwrap_or_else(PoisonError::into_inner).push((results.path().to_owned(), Arc::new(fault)));
}
