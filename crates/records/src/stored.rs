//! The cells that lie in a results folder, whatever it was last planned to hold.

use std::fs;
use std::io;
use std::path::Path;

use super::atomic::sync_folder;
use super::{CellFolder, CellRecord, RecordError, ResultsFolder};

/// A folder below `cells/` with a `cell.toml`.
#[derive(Debug)]
pub struct StoredCell {
    /// Path below `cells/`, with `/` between its parts: the cell's id, unless it lies where another
    /// grid put it.
    pub place: String,
    /// Its record, if that can be read.
    pub record: Result<CellRecord, RecordError>,
}

impl ResultsFolder {
    /// All cells that have a record, wherever they lie below `cells/`, in the order of their paths.
    /// Symbolic links are not followed.
    ///
    /// # Errors
    /// When a folder cannot be listed.
    pub fn stored_cells(&self) -> Result<Vec<StoredCell>, RecordError> {
        let mut found = Vec::new();
        self.collect(&self.path().join("cells"), "", &mut found)?;
        found.sort_by(|a, b| a.place.cmp(&b.place));
        Ok(found)
    }

    fn collect(&self, folder: &Path, place: &str, found: &mut Vec<StoredCell>) -> Result<(), RecordError> {
        let unreadable = |source| RecordError::Read { path: folder.to_owned(), source };
        let entries = match fs::read_dir(folder) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()), // another shard has moved it
            entries => entries.map_err(unreadable)?,
        };
        for entry in entries {
            let entry = entry.map_err(unreadable)?;
            let is_folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
            let (true, Ok(name)) = (is_folder, entry.file_name().into_string()) else { continue };
            let place = if place.is_empty() { name } else { format!("{place}/{name}") };
            match self.cell(&place).record().transpose() {
                Some(record) => found.push(StoredCell { place, record }),
                None => self.collect(&entry.path(), &place, found)?,
            }
        }
        Ok(())
    }

    /// Moves the cell at `from` to `to`, both paths below `cells/`. What lies at `to` without a
    /// record is discarded.
    ///
    /// The move is one renaming: a run that is killed meanwhile finds the cell at one of the two
    /// places. Folders that are empty then stay: [`Self::remove_empty_folders`].
    ///
    /// # Errors
    /// When there is a cell at `to`, or the folders cannot be changed.
    pub fn move_cell(&self, from: &str, to: &str) -> Result<(), RecordError> {
        let (old, new) = (self.cell(from), self.cell(to));
        let failed = |source| RecordError::Move { from: old.path().to_owned(), to: to.to_owned(), source };
        rename(&old, &new).map_err(failed)
    }

    /// Removes folders below `cells/` in which there is nothing.
    pub fn remove_empty_folders(&self) {
        fn remove(folder: &Path) {
            for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
                if entry.file_type().is_ok_and(|kind| kind.is_dir())
                    && !entry.path().join("cell.toml").exists()
                {
                    remove(&entry.path());
                    let _ = fs::remove_dir(entry.path()); // which fails where there is something
                }
            }
        }
        remove(&self.path().join("cells"));
    }
}

fn rename(old: &CellFolder, new: &CellFolder) -> io::Result<()> {
    let (old, new) = (old.path(), new.path());
    let parents = [old, new].map(|path| path.parent().unwrap_or(Path::new(".")));
    if new.join("cell.toml").symlink_metadata().is_ok() {
        return Err(io::Error::new(io::ErrorKind::AlreadyExists, "there is a cell at the new place"));
    }
    match fs::remove_dir_all(new) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    fs::create_dir_all(parents[1])?;
    fs::rename(old, new)?;
    parents.into_iter().try_for_each(sync_folder)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::CellStatus;

    fn record(digest: &str) -> CellRecord {
        CellRecord {
            id: "somewhere".into(),
            prompt: "bicycle".into(),
            class_name: "bicycle".into(),
            optimizer: "adam".into(),
            seed: 0,
            model_set: "mini".into(),
            digest: digest.into(),
            judged_text: None,
            former_digest: None,
            status: CellStatus::Unfinished,
            texts: None,
            axes: [].into(),
            optimizer_settings: toml::Table::new(),
            dream: toml::Table::new(),
            files: Default::default(),
            machines: Vec::new(),
        }
    }

    fn places(results: &ResultsFolder) -> Vec<(String, Option<String>)> {
        let cells = results.stored_cells().unwrap();
        cells.into_iter().map(|cell| (cell.place, cell.record.ok().map(|record| record.digest))).collect()
    }

    #[test]
    fn finds_cells_at_any_depth_and_damaged_ones_too() {
        let folder = tempfile::tempdir().unwrap();
        let results = ResultsFolder::at(folder.path());
        assert!(results.stored_cells().unwrap().is_empty(), "there is no folder yet");
        for (place, digest) in [("b/adam/seed-0", "1"), ("a/adam/lr-1/seed-0", "2")] {
            results.cell(place).write_record(&record(digest)).unwrap();
            fs::create_dir_all(results.cell(place).path().join("frames")).unwrap();
        }
        fs::create_dir_all(folder.path().join("cells/c/none")).unwrap();
        fs::write(folder.path().join("cells/c/file"), "").unwrap();
        fs::create_dir_all(folder.path().join("cells/d/seed-0")).unwrap();
        fs::write(folder.path().join("cells/d/seed-0/cell.toml"), "damaged").unwrap();
        let told = [("a/adam/lr-1/seed-0", Some("2")), ("b/adam/seed-0", Some("1")), ("d/seed-0", None)];
        let told = told.map(|(place, digest)| (place.to_owned(), digest.map(str::to_owned)));
        assert_eq!(places(&results), told);
    }

    #[cfg(unix)]
    #[test]
    fn does_not_follow_links() {
        let folder = tempfile::tempdir().unwrap();
        let results = ResultsFolder::at(folder.path());
        results.cell("a/seed-0").write_record(&record("1")).unwrap();
        std::os::unix::fs::symlink(folder.path().join("cells"), folder.path().join("cells/a/loop")).unwrap();
        assert_eq!(places(&results).len(), 1);
    }

    #[test]
    fn moves_a_cell_whole_and_never_onto_another() {
        let folder = tempfile::tempdir().unwrap();
        let results = ResultsFolder::at(folder.path());
        results.cell("a/adam/seed-0").write_record(&record("1")).unwrap();
        results.cell("b/seed-0").write_record(&record("2")).unwrap();
        assert!(results.move_cell("a/adam/seed-0", "b/seed-0").is_err());

        // As left by a run that was killed while it discarded a cell.
        fs::create_dir_all(folder.path().join("cells/c/seed-0/frames")).unwrap();
        results.move_cell("a/adam/seed-0", "c/seed-0").unwrap();
        results.remove_empty_folders();
        let told = [("b/seed-0", "2"), ("c/seed-0", "1")];
        assert_eq!(places(&results), told.map(|(place, digest)| (place.to_owned(), Some(digest.to_owned()))));
        assert!(!folder.path().join("cells/a").exists());
        assert!(!folder.path().join("cells/c/seed-0/frames").exists());
    }
}
