//! Helpers shared by the tests of errors.

use std::{
    error::Error,
    fs,
    path::{Path, PathBuf},
};

use checkpoint::{CheckpointError, Weights};

pub(crate) fn fixture(name: &str) -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "tests", "fixtures", name].iter().collect()
}

/// The error and its causes, as a person reads them, without the folder's name.
pub(crate) fn told(error: &CheckpointError, folder: &Path) -> String {
    let causes = std::iter::successors(error.source(), |&error| error.source());
    let lines = std::iter::once(error.to_string()).chain(causes.map(ToString::to_string));
    let lines: Vec<String> = lines.collect();
    lines.join("\n  because ").replace(&format!("{}/", folder.display()), "")
}

pub(crate) fn opening(path: &Path) -> String {
    told(&Weights::open(path).unwrap_err(), path.parent().unwrap())
}

pub(crate) fn opening_fixture(name: &str) -> String {
    opening(&fixture(name))
}

/// A file of these bytes, named weights.pt.
pub(crate) fn opening_bytes(bytes: &[u8]) -> String {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("weights.pt");
    fs::write(&path, bytes).unwrap();
    opening(&path)
}

pub(crate) fn safetensors(header: &str, data: usize) -> Vec<u8> {
    [&(header.len() as u64).to_le_bytes(), header.as_bytes(), &vec![0; data]].concat()
}
