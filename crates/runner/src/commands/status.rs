use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::time::{Duration, SystemTime};

use indicatif::HumanDuration;
use miette::{IntoDiagnostic, Result};
use rayon::prelude::*;
use records::{CellFolder, CellStatus, LARGEST_TEXT, PlannedCell, ResultsFolder, counted, read_regular};

use super::ExitStatus;
use crate::output;
use crate::slurm::{KILLED, LOGS, Submitted, active_jobs};
use crate::submission::shard_of;

/// Time after which a shard without anything new is named, and over which the rate is taken.
const RECENT: Duration = Duration::from_secs(3600);

/// Tells how far a run has come: from its records, whatever computes it.
pub(super) fn status(path: &Path) -> Result<ExitStatus> {
    let results = ResultsFolder::at(path);
    let plan = results.plan().into_diagnostic()?;
    let submitted = Submitted::read(path)?;
    let tuned = results.tuned().into_diagnostic()?.is_some();
    let tuning = results.tuning().into_diagnostic()?.filter(|_| !tuned);
    let tasks = |of_tuning: bool| {
        let submitted = submitted.as_ref().filter(|submitted| submitted.only.is_empty())?;
        if of_tuning { submitted.tuning_tasks } else { Some(submitted.tasks).filter(|&tasks| 0 < tasks) }
    };
    if let Some(tuning) = tuning {
        let name = format!("{}, tuning", plan.experiment);
        let array = submitted.as_ref().and_then(|submitted| submitted.jobs.tuning);
        tell(&name, &results, &[tuning.cells], tasks(true), array);
    } else {
        let array = submitted.as_ref().and_then(|submitted| submitted.jobs.array);
        let repeated = results.rounding().into_diagnostic()?.map_or_else(Vec::new, |plan| plan.cells);
        tell(&plan.experiment, &results, &[plan.cells, repeated], tasks(false), array);
    }
    if let Some(submitted) = &submitted {
        output::print(&queue(submitted));
    }
    Ok(ExitStatus::Done)
}

/// A cell as its folder tells it.
struct Seen {
    /// The place by which it is shared out.
    place: usize,
    state: State,
    /// The time of its newest file, if it has any.
    changed: Option<SystemTime>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Finished,
    Diverged,
    Failed,
    UnderWay,
    NotBegun,
}

impl State {
    fn is_ended(self) -> bool {
        matches!(self, Self::Finished | Self::Diverged)
    }
}

fn seen(results: &ResultsFolder, (place, planned): (usize, &PlannedCell)) -> Seen {
    let folder = results.cell(&planned.id);
    let state = match folder.record() {
        Ok(Some(record)) if record.digest == planned.digest => match record.status {
            CellStatus::Finished(_) => State::Finished,
            CellStatus::Diverged { .. } => State::Diverged,
            CellStatus::Failed { .. } => State::Failed,
            CellStatus::Unfinished => State::UnderWay,
        },
        Err(_) => State::Failed, // a run repairs it
        _ => State::NotBegun,
    };
    Seen { place, state, changed: newest(&folder) }
}

fn newest(folder: &CellFolder) -> Option<SystemTime> {
    let files = ["cell.toml", "trace.csv", "state.safetensors", "evaluation.toml"];
    files.iter().filter_map(|file| modified(&folder.path().join(file))).max()
}

fn modified(path: &Path) -> Option<SystemTime> {
    fs::metadata(path).ok()?.modified().ok()
}

/// `parts`: cells that are shared out each by themselves.
fn tell(
    name: &str,
    results: &ResultsFolder,
    parts: &[Vec<PlannedCell>],
    tasks: Option<usize>,
    array: Option<u64>,
) {
    let cells: Vec<_> = parts.iter().flat_map(|part| part.iter().enumerate()).collect();
    let seen: Vec<Seen> = cells.into_par_iter().map(|cell| seen(results, cell)).collect();
    output::print(&counts(name, &seen));
    let begun = modified(&results.path().join("plan.toml"));
    output::print(&pace(&seen, begun, SystemTime::now()));
    let Some(tasks) = tasks else { return };
    let silent = silent(&seen, tasks, results, SystemTime::now());
    if !silent.is_empty() {
        output::print(&format!("Nothing new for an hour: {} of {tasks}", listed(&silent)));
    }
    let killed = array.map_or_else(BTreeSet::new, |array| killed(&results.path().join(LOGS), array));
    let killed: Vec<usize> =
        killed.into_iter().filter(|&shard| pending(&seen, tasks).contains(&shard)).collect();
    if !killed.is_empty() {
        let listed = listed(&killed);
        output::print(&format!(
            "Killed, probably for lack of memory: {listed}; submit again with more --mem"
        ));
    }
}

fn counts(name: &str, seen: &[Seen]) -> String {
    let count = |state| seen.iter().filter(|seen| seen.state == state).count();
    format!(
        "{name}: {}: {} finished, {} diverged, {} failed, {} under way, {} not begun",
        counted(seen.len(), "cell"),
        count(State::Finished),
        count(State::Diverged),
        count(State::Failed),
        count(State::UnderWay),
        count(State::NotBegun),
    )
}

/// The rate of the last hour, and the time that the rest takes at that rate.
fn pace(seen: &[Seen], begun: Option<SystemTime>, now: SystemTime) -> String {
    let age = |time: SystemTime| now.duration_since(time).unwrap_or_default();
    let ended = seen.iter().filter(|seen| seen.state.is_ended());
    let recent = ended.filter(|seen| seen.changed.is_some_and(|changed| age(changed) < RECENT)).count();
    let left = seen.iter().filter(|seen| !seen.state.is_ended()).count();
    if left == 0 {
        return "All cells have ended.".to_owned();
    }
    if recent == 0 {
        return "No cell has ended within the last hour.".to_owned();
    }
    let span = begun.map_or(RECENT, age).clamp(Duration::from_secs(1), RECENT);
    let an_hour = recent as f64 * 3600.0 / span.as_secs_f64();
    let rest = Duration::from_secs_f64(left as f64 * span.as_secs_f64() / recent as f64);
    format!("{an_hour:.0} cells an hour; about {} to go at that rate", HumanDuration(rest))
}

/// Shards with cells that have not ended.
fn pending(seen: &[Seen], tasks: usize) -> BTreeSet<usize> {
    let left = seen.iter().filter(|seen| !seen.state.is_ended());
    left.map(|seen| shard_of(seen.place, tasks)).collect()
}

/// Shards that have cells to go and wrote nothing within the last hour.
fn silent(seen: &[Seen], tasks: usize, results: &ResultsFolder, now: SystemTime) -> Vec<usize> {
    let submitted = modified(&results.path().join("slurm/submitted.toml"));
    let mut newest: BTreeMap<usize, Option<SystemTime>> = BTreeMap::new();
    for seen in seen {
        let of_shard = newest.entry(shard_of(seen.place, tasks)).or_insert(submitted);
        *of_shard = (*of_shard).max(seen.changed);
    }
    let is_old = |time: &Option<SystemTime>| {
        time.is_none_or(|time| now.duration_since(time).is_ok_and(|age| RECENT < age))
    };
    let pending = pending(seen, tasks);
    let old = newest.into_iter().filter(|(shard, time)| pending.contains(shard) && is_old(time));
    old.map(|(shard, _)| shard).collect()
}

/// Shards of an array whose last start was killed, as their logs tell.
fn killed(logs: &Path, array: u64) -> BTreeSet<usize> {
    let shard = |name: &str| name.strip_prefix(&format!("{array}_"))?.strip_suffix(".out")?.parse().ok();
    let entries = fs::read_dir(logs).into_iter().flatten().flatten();
    let was_killed = |path: &Path| {
        let text = read_regular(path, LARGEST_TEXT).unwrap_or_default();
        let text = String::from_utf8_lossy(&text).into_owned();
        let last = text.rfind("\njob ").map_or(text.as_str(), |start| &text[start..]);
        last.contains(KILLED) || last.contains("oom_kill") || last.contains("oom-kill")
    };
    let found = entries.filter_map(|entry| {
        let shard = shard(entry.file_name().to_str()?)?;
        was_killed(&entry.path()).then_some(shard)
    });
    found.collect()
}

fn listed(shards: &[usize]) -> String {
    let noun = if shards.len() == 1 { "shard" } else { "shards" };
    format!("{noun} {}", shards.iter().map(usize::to_string).collect::<Vec<_>>().join(", "))
}

/// What Slurm says of the jobs that were submitted last, in a line.
fn queue(submitted: &Submitted) -> String {
    let ids = submitted.ids();
    let Ok(active) = active_jobs() else { return "Slurm: squeue does not answer here".to_owned() };
    let mut states: BTreeMap<String, usize> = BTreeMap::new();
    for (_, state) in active.into_iter().filter(|(id, _)| ids.contains(id)) {
        *states.entry(printable::text(&state).to_lowercase()).or_default() += 1;
    }
    if states.is_empty() {
        return "Slurm: no job is queued or running".to_owned();
    }
    let states: Vec<String> = states.into_iter().map(|(state, count)| format!("{count} {state}")).collect();
    let ids: Vec<String> = ids.iter().map(u64::to_string).collect();
    format!("Slurm: {} (jobs {})", states.join(", "), ids.join(", "))
}
