use std::collections::{BTreeMap, HashSet};
use std::fs;
use std::io;

use experiment::plan::{Cell, Changed, Shard, changed_settings};
use miette::Diagnostic;
use rayon::prelude::*;
use records::{CellStatus, Damage, RecordError, ResultsFolder};
use thiserror::Error;

use super::placement::Placement;
use super::repair::Need;
use super::step::SettleError;

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
    #[error("the settings of a cell cannot be written as TOML")]
    Encode(#[from] toml::ser::Error),
}

impl From<SettleError> for ChangedError {
    fn from(error: SettleError) -> Self {
        match error {
            SettleError::Record(error) => Self::Record(error),
            SettleError::Encode(error) => Self::Encode(error),
        }
    }
}

/// What there is to do, once every record lies where this plan has it.
#[derive(Debug)]
pub struct Prepared<'c> {
    /// Cells that have not ended, or not with their images compared with the text of now.
    pub pending: Vec<&'c Cell>,
    /// How many of them have all their steps done: only the comparison is made again.
    pub to_measure: usize,
    /// How many records were found under another name and moved.
    pub moved: usize,
    /// Folders of cells that the plan does not have any more; they are kept.
    pub unused: Vec<String>,
}

/// Finds the records of a plan's cells, moves them to where the plan has them, and tells which of
/// `cells` are still to be computed. Records are found by their digests: only what decides a dream
/// has to be as it was.
///
/// Of those that have ended, the ones with damaged files are among them: see `Need`. `fresh`
/// discards what there is of `cells`, and then all of them are pending. A `shard` leaves others'
/// cells alone.
///
/// # Errors
/// [`ChangedError::Settings`] lists what has changed since; nothing has been moved then.
pub fn prepare<'c>(
    results: &'c ResultsFolder,
    all: &'c [Cell],
    cells: &[&'c Cell],
    shard: Option<Shard>,
    fresh: bool,
) -> Result<Prepared<'c>, ChangedError> {
    let everything: Vec<&Cell> = all.iter().collect();
    let movable = if shard.is_some() { cells } else { &everything };
    if fresh {
        let placement = Placement::survey(results, all, cells)?;
        for cell in cells {
            discard(results, &cell.id)?;
            placement.place(cell).map_or(Ok(()), |place| discard(results, place))?;
        }
    }
    let mut attempts = 0;
    let (placement, moved) = loop {
        let placement = Placement::survey(results, all, movable)?;
        refuse_changes(results, &placement, cells)?;
        match placement.settle() {
            Err(error) if error.is_overtaken() && attempts < 3 => attempts += 1,
            settled => break (placement, settled?),
        }
    };
    if shard.is_none() {
        results.remove_empty_folders();
    }
    let needs: Vec<_> = cells.par_iter().map(|cell| need(results, cell)).collect();
    let (mut pending, mut to_measure) = (Vec::new(), 0);
    for (&cell, need) in cells.iter().zip(needs) {
        let need = need?;
        need.log(cell);
        match need {
            Need::Nothing => continue,
            Need::Computing | Need::Drawing(_) => {}
            Need::Measuring => to_measure += 1,
            Need::Anew(_) => discard(results, &cell.id)?,
        }
        pending.push(cell);
    }
    Ok(Prepared { pending, to_measure, moved, unused: placement.unused().to_vec() })
}

/// What a cell needs, whose record lies where it is to lie.
fn need(results: &ResultsFolder, cell: &Cell) -> Result<Need, RecordError> {
    let folder = results.cell(&cell.id);
    let damage = match folder.record() {
        Ok(None) => return Ok(Need::Computing),
        Ok(Some(was)) if was.id == cell.id && was.digest == cell.digest => {
            return Ok(Need::of(cell, &folder, &was));
        }
        Ok(Some(was)) => format!("cell.toml is the record of `{}`", was.id),
        Err(error) if error.is_damage() => Damage::of_error("cell.toml", &error).to_string(),
        Err(error) => return Err(error),
    };
    tracing::warn!(cell = cell.id, "{damage}: the cell goes on from its saved state, if that is there");
    Ok(Need::Computing)
}

fn refuse_changes(
    results: &ResultsFolder,
    placement: &Placement<'_>,
    cells: &[&Cell],
) -> Result<(), ChangedError> {
    let selected: HashSet<&str> = cells.iter().map(|cell| cell.id.as_str()).collect();
    let mut changes: BTreeMap<Vec<Changed>, Vec<&str>> = BTreeMap::new();
    for (cell, was) in placement.changed() {
        if selected.contains(cell.id.as_str()) {
            let is = cell.record(CellStatus::Unfinished)?;
            changes.entry(changed_settings(was, &is)).or_default().push(&cell.id);
        }
    }
    if changes.is_empty() { Ok(()) } else { Err(refusal(results, &changes)) }
}

fn discard(results: &ResultsFolder, place: &str) -> Result<(), ChangedError> {
    let folder = results.cell(place);
    match fs::remove_dir_all(folder.path()) {
        Err(source) if source.kind() != io::ErrorKind::NotFound => {
            Err(ChangedError::Discard { folder: printable::path(folder.path()), source })
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
    ChangedError::Settings { folder: printable::path(results.path()), count, help }
}

fn cells(count: usize) -> String {
    if count == 1 { "a cell".to_owned() } else { records::counted(count, "cell") }
}
