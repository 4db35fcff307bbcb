//! One row per cell, for other people's statistics.

use std::collections::{BTreeMap, BTreeSet};

use super::{csv, number, strings};
use crate::records::{CellStatus, Terms};
use crate::report::study::{Cell, Study};

/// Settings, status, similarities (× 100) and final losses of every cell that has been begun. No times: those differ from run to
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
        "loss",
        "similarity_loss",
        "latent_loss",
        "class_loss",
        "best_step",
        "best_similarity_loss",
        "model_set",
        "digest",
    ]);
    header.extend(names.iter().map(|name| (*name).clone()));
    let lines = study.cells.iter().zip(&settings).map(|(cell, settings)| {
        let mut line = line(cell);
        line.extend(names.iter().map(|name| settings.get(*name).cloned().unwrap_or_default()));
        line
    });
    csv(&header, lines)
}

fn line(cell: &Cell) -> Vec<String> {
    let record = &cell.record;
    let outcome = cell.outcome();
    let loss = |term: fn(&Terms) -> f32| {
        outcome.map(|outcome| term(&outcome.final_loss).to_string()).unwrap_or_default()
    };
    let (status, detail) = status(&record.status);
    let best = outcome.and_then(|outcome| outcome.best);
    vec![
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
        loss(|terms| terms.total),
        loss(|terms| terms.similarity),
        loss(|terms| terms.latent),
        loss(|terms| terms.class),
        best.map(|best| best.step.to_string()).unwrap_or_default(),
        number(best.map(|best| best.similarity_loss), 4),
        record.model_set.clone(),
        record.digest.clone(),
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
