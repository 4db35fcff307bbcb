//! A folder for what has to be a file to be read.

use std::cell::OnceCell;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

thread_local! {
    static FOLDER: OnceCell<TempDir> = const { OnceCell::new() };
}

/// Writes a file into a folder that is there as long as the fuzzer.
pub(crate) fn write(name: &str, content: &[u8]) -> PathBuf {
    let path = folder().join(name);
    std::fs::create_dir_all(path.parent().unwrap_or(Path::new("."))).expect("a folder can be made");
    std::fs::write(&path, content).expect("a file can be written");
    path
}

/// That folder.
pub(crate) fn folder() -> PathBuf {
    FOLDER.with(|folder| {
        folder.get_or_init(|| tempfile::tempdir().expect("a folder can be made")).path().to_owned()
    })
}
