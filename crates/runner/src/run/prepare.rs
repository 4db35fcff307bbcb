use std::collections::BTreeMap;
use std::fs;
use std::io;

use experiment::plan::{Cell, Changed, changed_settings};
use miette::Diagnostic;
use records::{CellStatus, RecordError, ResultsFolder};
use thiserror::Error;

/// Records that a run must not go on from.
#[derive(Debug, Error, Diagnostic)]
#[expect(missing_docs, reason = "the messages say it")]
pub enum ChangedError {
    #[error("{} of `{folder}` had other settings when they were computed", cells(*.count))]
    Settings {
        folder: String,
        count: usize,
        #[help]
        help: String,
    },
    #[error(transparent)]
    Record(#[from] RecordError),
    #[error("failed to discard `{folder}`")]
    Discard { folder: String, source: io::Error },
    #[error("the settings of `{id}` cannot be written as TOML")]
    Encode { id: String, source: toml::ser::Error },
}

/// The cells that are still to be computed, once it is known that those begun earlier had the same settings.
///
/// `fresh` discards what there is of `cells`, and then all of them are.
///
/// # Errors
/// [`ChangedError::Settings`] lists what has changed since.
pub fn prepare<'c>(
    results: &ResultsFolder,
    cells: &[&'c Cell],
    fresh: bool,
) -> Result<Vec<&'c Cell>, ChangedError> {
    if fresh {
        cells.iter().try_for_each(|cell| discard(results, cell))?;
    }
    let mut changes: BTreeMap<Vec<Changed>, Vec<&str>> = BTreeMap::new();
    let mut pending = Vec::new();
    for &cell in cells {
        let Some(was) = results.cell(&cell.id).record()? else {
            pending.push(cell);
            continue;
        };
        if was.digest != cell.digest {
            let is = cell
                .record(CellStatus::Unfinished)
                .map_err(|source| ChangedError::Encode { id: cell.id.clone(), source })?;
            changes.entry(changed_settings(&was, &is)).or_default().push(&cell.id);
        } else if !was.status.is_final() {
            pending.push(cell);
        }
    }
    if changes.is_empty() { Ok(pending) } else { Err(refusal(results, &changes)) }
}

fn discard(results: &ResultsFolder, cell: &Cell) -> Result<(), ChangedError> {
    let folder = results.cell(&cell.id);
    match fs::remove_dir_all(folder.path()) {
        Err(source) if source.kind() != io::ErrorKind::NotFound => {
            Err(ChangedError::Discard { folder: folder.path().display().to_string(), source })
        }
        _ => Ok(()),
    }
}

fn refusal(results: &ResultsFolder, changes: &BTreeMap<Vec<Changed>, Vec<&str>>) -> ChangedError {
    let mut help = String::new();
    for (settings, ids) in changes {
        let of =
            if let [id] = ids[..] { id.to_owned() } else { format!("{} and {} more", ids[0], ids.len() - 1) };
        help += &format!("{of}:\n");
        for Changed { setting, was, is } in settings {
            help += &format!("  {setting}: was {was}, is now {is}\n");
        }
    }
    help += "--fresh discards them and computes them anew; --out with another folder keeps them";
    let count = changes.values().map(Vec::len).sum();
    ChangedError::Settings { folder: results.path().display().to_string(), count, help }
}

fn cells(count: usize) -> String {
    if count == 1 { "a cell".to_owned() } else { format!("{count} cells") }
}
