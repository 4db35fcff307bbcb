//! The numbers of records are in the ranges that runs write: a damaged one is found when it is
//! read.

use std::path::Component;

use super::{CellRecord, CellStatus, Evaluation, LabelSet, PlanRecord, TraceRow, Verdict};

/// A record whose numbers have ranges.
pub(super) trait Check {
    /// The first fault, in words that follow "it is damaged: ".
    fn check(&self) -> Result<(), String>;
}

/// Cosines of vectors in single precision may be beyond 1 by rounding.
const COSINE: std::ops::RangeInclusive<f64> = -1.001..=1.001;
/// Shares likewise.
const SHARE: std::ops::RangeInclusive<f64> = 0.0..=1.001;
/// Some thirty years, in seconds.
const SECONDS: std::ops::RangeInclusive<f64> = 0.0..=1e9;
/// Any finite number in single precision, which all losses are.
const LOSS: std::ops::RangeInclusive<f64> = f32::MIN as f64..=f32::MAX as f64;

fn within(name: &str, value: f64, range: &std::ops::RangeInclusive<f64>) -> Result<(), String> {
    if range.contains(&value) {
        return Ok(());
    }
    Err(format!("`{name}` is {value:e}, not between {} and {}", range.start(), range.end()))
}

fn all_within<'n>(
    values: impl IntoIterator<Item = (&'n str, Option<f64>)>,
    range: &std::ops::RangeInclusive<f64>,
) -> Result<(), String> {
    values.into_iter().try_for_each(|(name, value)| value.map_or(Ok(()), |value| within(name, value, range)))
}

/// Returns true if a cosine is one.
pub(super) fn cosine_in_range(name: &str, value: f64) -> Result<(), String> {
    within(name, value, &COSINE)
}

impl Check for CellRecord {
    fn check(&self) -> Result<(), String> {
        match &self.status {
            CellStatus::Unfinished | CellStatus::Failed { .. } => Ok(()),
            CellStatus::Diverged { at_step, seconds, similarity_initial } => {
                if *at_step == 0 {
                    return Err("`at_step` is 0; steps are counted from 1".to_owned());
                }
                all_within([("similarity_initial", *similarity_initial)], &COSINE)?;
                within("seconds", *seconds, &SECONDS)
            }
            CellStatus::Finished(outcome) => {
                within("seconds", outcome.seconds, &SECONDS)?;
                let cosines = [
                    ("similarity_averaged", Some(outcome.similarity_averaged)),
                    ("similarity_live", Some(outcome.similarity_live)),
                    ("cutouts_averaged", outcome.cutouts_averaged),
                    ("cutouts_live", outcome.cutouts_live),
                ];
                all_within(cosines, &COSINE)?;
                all_within(outcome.live.iter().map(|(_, live)| ("live", Some(*live))), &COSINE)?;
                let losses = outcome.final_loss.iter().map(|(name, value)| (name, Some(f64::from(value))));
                all_within(losses, &LOSS)?;
                let Some(best) = outcome.best else { return Ok(()) };
                if outcome.steps < best.step {
                    return Err(format!("`best.step` is {} of {} steps", best.step, outcome.steps));
                }
                within("best.similarity_loss", best.similarity_loss, &LOSS)
            }
        }
    }
}

impl Check for Evaluation {
    fn check(&self) -> Result<(), String> {
        for verdict in [Some(&self.perceptor), self.judge.as_ref()].into_iter().flatten() {
            check_verdict(verdict, self.labels)?;
        }
        let shares = self.segments.iter().flat_map(|segments| &segments.shares);
        all_within(shares.map(|share| ("share", Some(share.share))), &SHARE)
    }
}

fn check_verdict(verdict: &Verdict, labels: usize) -> Result<(), String> {
    all_within([("similarity", verdict.similarity)], &COSINE)?;
    if let Some(right) = verdict.right {
        if !(1..=labels).contains(&right.rank) {
            return Err(format!("`rank` is {}, not between 1 and {labels}", right.rank));
        }
        within("probability", right.probability, &SHARE)?;
    }
    verdict.nearest.iter().try_for_each(|guess| {
        within("probability", guess.probability, &SHARE)?;
        within("similarity", guess.similarity, &COSINE)
    })
}

impl Check for PlanRecord {
    /// Paths of cells lead to folders below `cells/`, and nowhere else; those of files stay in the
    /// results folder.
    fn check(&self) -> Result<(), String> {
        let inside = |id: &str| {
            let path = std::path::Path::new(id);
            !id.is_empty() && path.components().all(|part| matches!(part, Component::Normal(_)))
        };
        if let Some(file) = self.files.keys().find(|file| !inside(file)) {
            return Err(format!("`{file}` is not the path of a file in the results folder"));
        }
        match self.cells.iter().find(|cell| !inside(&cell.id)) {
            Some(cell) => Err(format!("`{}` is not the path of a cell", cell.id)),
            None => Ok(()),
        }
    }
}

impl Check for LabelSet {
    fn check(&self) -> Result<(), String> {
        Ok(())
    }
}

/// The first fault of a trace. Losses that are not finite are legitimate in the trace of a dream
/// that has diverged.
pub(super) fn check_trace(rows: &[TraceRow]) -> Result<(), String> {
    let mut before = 0.0;
    for (step, row) in (1_u64..).zip(rows) {
        if u64::from(row.step) != step {
            return Err(format!("row {step} is of step {}", row.step));
        }
        if !(before..=*SECONDS.end()).contains(&row.seconds) {
            return Err(format!("`seconds` is {:e} in step {step}, after {before:e}", row.seconds));
        }
        before = row.seconds;
    }
    Ok(())
}

/// The first step with a loss that is not finite.
pub(super) fn first_not_finite(rows: &[TraceRow]) -> Option<u32> {
    let finite = |row: &TraceRow| row.loss.values().iter().all(|loss| loss.is_finite());
    rows.iter().find(|row| !finite(row)).map(|row| row.step)
}
