use std::collections::BTreeMap;
use std::fs;
use std::io;

use experiment::plan::{Cell, Changed, changed_settings};
use miette::Diagnostic;
use rayon::prelude::*;
use records::{CellRecord, CellStatus, Damage, RecordError, ResultsFolder};
use thiserror::Error;

use super::repair::Need;

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
/// Of those that have ended, the ones with damaged files are among them: see `Need`. `fresh` discards what there is of
/// `cells`, and then all of them are.
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
    let stands: Vec<_> = cells.par_iter().map(|cell| stand(results, cell)).collect();
    for (&cell, stand) in cells.iter().zip(stands) {
        match stand? {
            Stand::Changed(was) => {
                let is = cell
                    .record(CellStatus::Unfinished)
                    .map_err(|source| ChangedError::Encode { id: cell.id.clone(), source })?;
                changes.entry(changed_settings(&was, &is)).or_default().push(&cell.id);
            }
            Stand::Same(Need::Nothing) => {}
            Stand::Same(need) => pending.push((cell, need)),
        }
    }
    if !changes.is_empty() {
        return Err(refusal(results, &changes));
    }
    for (cell, need) in &pending {
        need.log(cell);
        if matches!(need, Need::Anew(_)) {
            discard(results, cell)?;
        }
    }
    Ok(pending.into_iter().map(|(cell, _)| cell).collect())
}

/// How a cell stands towards the records of earlier runs.
enum Stand {
    /// It had other settings.
    Changed(Box<CellRecord>),
    /// It has no other settings than before, if there was a before.
    Same(Need),
}

fn stand(results: &ResultsFolder, cell: &Cell) -> Result<Stand, RecordError> {
    let folder = results.cell(&cell.id);
    let damage = match folder.record() {
        Ok(None) => return Ok(Stand::Same(Need::Computing)),
        Ok(Some(was)) if was.id != cell.id => format!("cell.toml is the record of `{}`", was.id),
        Ok(Some(was)) if was.digest != cell.digest => return Ok(Stand::Changed(Box::new(was))),
        Ok(Some(was)) => return Ok(Stand::Same(Need::of(cell, &folder, &was))),
        Err(error) if error.is_damage() => Damage::of_error("cell.toml", &error).to_string(),
        Err(error) => return Err(error),
    };
    tracing::warn!(cell = cell.id, "{damage}: the cell goes on from its saved state, if that is there");
    Ok(Stand::Same(Need::Computing))
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
    if count == 1 { "a cell".to_owned() } else { records::counted(count, "cell") }
}
