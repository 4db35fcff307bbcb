use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use experiment::plan::Cell;
use miette::Diagnostic;
use records::ResultsFolder;
use thiserror::Error;

/// A place for results that cannot take them.
#[derive(Debug, Error, Diagnostic)]
#[expect(missing_docs, reason = "the messages say it")]
pub enum FolderError {
    #[error("`{}` is not a folder, but results are to be written there", printable::path(path))]
    #[diagnostic(help("move it away, or choose another results folder with --out"))]
    NoFolder { path: PathBuf },
    #[error("`{}` cannot be written to", printable::path(path))]
    #[diagnostic(help("change its permissions, or choose another results folder with --out"))]
    ReadOnly { path: PathBuf, source: io::Error },
}

/// Checks that results of `cells`, tables, figures and, if they are asked for, event files can be
/// written. Leaves nothing behind.
///
/// # Errors
/// The first folder that cannot be had.
pub fn check(results: &ResultsFolder, cells: &[&Cell], tensorboard: bool) -> Result<(), FolderError> {
    let root = results.path();
    let mut folders = vec![root.to_owned()];
    folders.extend(["cells", "tables", "plots"].map(|name| root.join(name)));
    folders.extend(tensorboard.then(|| root.join("tensorboard")));
    folders.iter().try_for_each(|folder| writable(folder))?;
    for cell in cells {
        let folder = results.cell(&cell.id);
        if let Some(path) = nearest(folder.path())
            && !path.is_dir()
        {
            return Err(FolderError::NoFolder { path: path.to_owned() });
        }
    }
    Ok(())
}

fn writable(folder: &Path) -> Result<(), FolderError> {
    let Some(path) = nearest(folder) else { return Ok(()) };
    if !path.is_dir() {
        return Err(FolderError::NoFolder { path: path.to_owned() });
    }
    tempfile::tempfile_in(path)
        .map(drop)
        .map_err(|source| FolderError::ReadOnly { path: path.to_owned(), source })
}

/// The folder itself, or what there is of the way to it.
fn nearest(folder: &Path) -> Option<&Path> {
    let there = |path: &&Path| fs::symlink_metadata(path).is_ok();
    let found = folder.ancestors().filter(|path| !path.as_os_str().is_empty()).find(there);
    found.or_else(|| folder.is_relative().then_some(Path::new(".")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_in_the_way_is_found_and_nothing_is_left_behind() {
        let folder = tempfile::tempdir().unwrap();
        let results = ResultsFolder::at(folder.path().join("results/new"));
        check(&results, &[], true).unwrap();
        assert!(!folder.path().join("results").exists());
        for name in ["cells", "tables", "plots", "tensorboard"] {
            fs::create_dir_all(results.path()).unwrap();
            fs::write(results.path().join(name), "").unwrap();
            let error = check(&results, &[], true).unwrap_err();
            assert!(matches!(error, FolderError::NoFolder { path } if path.ends_with(name)));
            fs::remove_dir_all(results.path()).unwrap();
        }
        fs::write(results.path(), "").unwrap();
        assert!(matches!(check(&results, &[], false), Err(FolderError::NoFolder { .. })));
    }
}
