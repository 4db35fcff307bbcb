//! One row per cell, for other people's statistics.

use std::collections::{BTreeMap, BTreeSet};

use records::{CellStatus, Evaluation, LossTerms, Segments, Verdict};

use super::{csv, number, strings};
use crate::study::{Cell, Study, Unreadable};
use crate::verdicts;

/// Settings, status, similarities (× 100) and final losses of every cell that has been begun; of unreadable ones, which come
/// last, nothing but the reason. No times: those differ from run to
/// run, and are in [`timings`].
pub(super) fn cells(study: &Study) -> Result<Vec<u8>, csv::Error> {
    let settings: Vec<_> = study.cells.iter().map(Cell::settings).collect();
    let names: BTreeSet<&String> = settings.iter().flat_map(BTreeMap::keys).collect();
    let mut header = strings(&[
        "cell",
        "prompt",
        "class_name",
        "optimizer",
        "seed",
        "status",
        "detail",
        "steps",
        "similarity_averaged_x100",
        "similarity_live_x100",
        "cutouts_averaged_x100",
        "cutouts_live_x100",
    ]);
    header.extend(strings(&LossTerms::COLUMNS));
    header.extend(strings(&[
        "best_step",
        "best_similarity_loss",
        "right_label",
        "zero_shot_first",
        "zero_shot_rank",
        "zero_shot_percent",
        "judge_similarity_x100",
        "judge_first",
        "judge_rank",
        "judge_percent",
        "segment_class",
        "segment_percent",
        "segment_largest",
        "segment_right",
        "model_set",
        "digest",
    ]));
    header.extend(names.iter().map(|name| (*name).clone()));
    let lines = study.cells.iter().zip(&settings).map(|(cell, settings)| {
        let mut line = line(cell);
        line.extend(names.iter().map(|name| settings.get(*name).cloned().unwrap_or_default()));
        line
    });
    let places = header.len();
    let unreadable = study.unreadable.iter().filter_map(|one| Some((one, one.digest.as_ref()?)));
    let unreadable = unreadable.map(|(Unreadable { name, reason, .. }, digest)| {
        let mut line = vec![String::new(); places];
        for (column, value) in
            [("cell", name.as_str()), ("status", "unreadable"), ("detail", reason), ("digest", digest)]
        {
            if let Some(place) = header.iter().position(|title| title == column) {
                value.clone_into(&mut line[place]);
            }
        }
        line
    });
    csv(&header, lines.chain(unreadable))
}

fn line(cell: &Cell) -> Vec<String> {
    let record = &cell.record;
    let outcome = cell.outcome();
    let losses = outcome.map(|outcome| outcome.final_loss.values().map(|term| term.to_string()));
    let (status, detail) = status(&record.status);
    let best = outcome.and_then(|outcome| outcome.best);
    let mut line = vec![
        record.id.clone(),
        record.prompt.clone(),
        record.class_name.clone(),
        record.optimizer.clone(),
        record.seed.to_string(),
        status.to_owned(),
        detail,
        cell.steps().to_string(),
        number(cell.similarity(), 4),
        number(outcome.map(|outcome| 100.0 * outcome.similarity_live), 4),
        number(outcome.and_then(|outcome| Some(100.0 * outcome.cutouts_averaged?)), 4),
        number(outcome.and_then(|outcome| Some(100.0 * outcome.cutouts_live?)), 4),
    ];
    line.extend(losses.unwrap_or_default());
    line.extend([
        best.map(|best| best.step.to_string()).unwrap_or_default(),
        number(best.map(|best| best.similarity_loss), 4),
    ]);
    line.extend(judged(cell.evaluation.as_ref()));
    line.extend([record.model_set.clone(), record.digest.clone()]);
    line
}

/// What the judges say, in twelve columns, empty where they say nothing.
fn judged(evaluation: Option<&Evaluation>) -> [String; 12] {
    let [zero_shot, judge] = [verdicts::perceptor, verdicts::judge].map(|by| evaluation.and_then(by));
    let first = |verdict: Option<&Verdict>| {
        verdict
            .and_then(|verdict| verdict.nearest.first())
            .map(|guess| guess.label.clone())
            .unwrap_or_default()
    };
    let right = |verdict: Option<&Verdict>| verdict.and_then(|verdict| verdict.right);
    let rank = |verdict| right(verdict).map(|right| right.rank.to_string()).unwrap_or_default();
    let percent = |verdict| number(right(verdict).map(|right| 100.0 * right.probability), 4);
    let segments = evaluation.and_then(|evaluation| evaluation.segments.as_ref());
    let largest = segments.and_then(Segments::largest);
    [
        evaluation.and_then(|evaluation| evaluation.right_label.clone()).unwrap_or_default(),
        first(zero_shot),
        rank(zero_shot),
        percent(zero_shot),
        number(judge.and_then(|judge| judge.similarity).map(|similarity| 100.0 * similarity), 4),
        first(judge),
        rank(judge),
        percent(judge),
        segments.and_then(|segments| segments.expected.clone()).unwrap_or_default(),
        number(segments.and_then(Segments::expected_share).map(|share| 100.0 * share), 4),
        largest.map(|share| share.class.clone()).unwrap_or_default(),
        segments.and_then(Segments::is_right).map(|right| right.to_string()).unwrap_or_default(),
    ]
}

fn status(status: &CellStatus) -> (&'static str, String) {
    match status {
        CellStatus::Unfinished => ("unfinished", String::new()),
        CellStatus::Finished(_) => ("finished", String::new()),
        CellStatus::Diverged { at_step, .. } => ("diverged", format!("at step {at_step}")),
        CellStatus::Failed { reason } => ("failed", reason.clone()),
    }
}

/// How long every cell took.
pub(super) fn timings(study: &Study) -> Result<Vec<u8>, csv::Error> {
    let devices =
        study.environment.as_ref().map(|environment| environment.devices.join(" ")).unwrap_or_default();
    let lines = study.cells.iter().map(|cell| {
        let seconds = cell.seconds();
        let rate = seconds.filter(|seconds| 0.0 < *seconds).map(|seconds| cell.steps() as f64 / seconds);
        vec![
            cell.record.id.clone(),
            cell.steps().to_string(),
            number(seconds, 3),
            number(rate, 3),
            devices.clone(),
            cell.record.model_set.clone(),
        ]
    });
    csv(&strings(&["cell", "steps", "seconds", "steps_per_second", "devices", "model_set"]), lines)
}
