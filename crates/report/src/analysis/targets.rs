use statistics::{mean, restricted_mean, share_reached};

use crate::study::{Cell, Study};

/// The number of steps that optimizers take to reach what a reference reaches.
#[derive(Debug)]
pub(crate) struct Targets {
    /// The optimizer whose similarities are the targets.
    pub(crate) reference: usize,
    /// Steps that a run takes: what a miss counts.
    pub(crate) steps: u32,
    pub(crate) reached: Vec<Reached>,
}

/// The runs of an optimizer against one target of every prompt.
#[derive(Debug)]
pub(crate) struct Reached {
    /// The share of the steps after which the reference reaches the target, in percent.
    pub(crate) percent: u32,
    pub(crate) optimizer: usize,
    /// For every run, the steps after which its averaged image first reaches the target.
    pub(crate) runs: Vec<Option<u32>>,
}

/// Shares of the steps at which the reference sets targets, in percent.
pub(crate) const PERCENTS: [u32; 3] = [15, 50, 100];

impl Targets {
    /// The targets that the reference of `study` sets; `None` where no curve of it is known.
    /// Another optimizer more or less changes nothing for the rest.
    pub(crate) fn of(study: &Study) -> Option<Self> {
        let named = study.asked.reference.as_ref();
        let reference = match named {
            Some(name) => study.optimizers.iter().position(|optimizer| optimizer == name)?,
            None => 0,
        };
        let steps = study.cells.iter().filter_map(Cell::outcome).map(|outcome| outcome.steps).max()?;
        let targets = PERCENTS.map(|percent| {
            (0..study.rows.len()).map(|row| target(study, row, reference, percent)).collect::<Vec<_>>()
        });
        if targets.iter().flatten().all(Option::is_none) {
            return None;
        }
        let mut reached = Vec::new();
        for (percent, targets) in PERCENTS.into_iter().zip(&targets) {
            for optimizer in 0..study.optimizers.len() {
                let cells = study.cells.iter().filter(|cell| cell.optimizer == optimizer);
                let runs = cells.filter_map(|cell| first(cell, targets[cell.row]?)).collect();
                reached.push(Reached { percent, optimizer, runs });
            }
        }
        Some(Self { reference, steps, reached })
    }
}

impl Reached {
    /// The mean number of steps to the target, a miss counted as all `steps`; `None` without runs.
    pub(crate) fn mean_steps(&self, steps: u32) -> Option<f64> {
        restricted_mean(&self.runs, steps)
    }

    /// The share of the runs that reached the target within `step` steps; `None` without runs.
    pub(crate) fn share(&self, step: u32) -> Option<f64> {
        share_reached(&self.runs, step)
    }
}

/// The mean over the seeds of what the reference reaches on a row after a share of its steps.
fn target(study: &Study, row: usize, reference: usize, percent: u32) -> Option<f64> {
    let at = |cell: &Cell| {
        let steps = u64::from(cell.outcome()?.steps) * u64::from(percent) / 100;
        let frame = cell.curve.iter().rfind(|frame| u64::from(frame.step) <= steps)?;
        frame.averaged
    };
    mean(&study.at(row, reference).filter_map(at).collect::<Vec<_>>())
}

/// The first frame at which a run that ended reaches a target: `Some(None)` for a miss, which a run
/// that diverged is.
fn first(cell: &Cell, target: f64) -> Option<Option<u32>> {
    if cell.diverged() {
        return Some(None);
    }
    cell.outcome()?;
    if cell.curve.is_empty() {
        return None; // an older version ran it
    }
    let reaches = cell.curve.iter().find(|frame| frame.averaged.is_some_and(|averaged| target <= averaged));
    Some(reaches.map(|frame| frame.step))
}
