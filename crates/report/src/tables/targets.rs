//! Steps until an optimizer reaches what the reference reaches.

use super::{Column, Table, Value};
use crate::analysis::{Reached, Targets};
use crate::study::Study;

/// The steps to what the reference reaches after shares of its steps.
pub(super) fn targets(study: &Study) -> Table {
    let targets = Targets::of(study);
    let (steps, reference) = targets
        .as_ref()
        .map_or((0, String::new()), |targets| (targets.steps, study.optimizers[targets.reference].clone()));
    let about = "A row for every target and optimizer; a target is the similarity that the reference reaches on the prompt.";
    let rows = targets.iter().flat_map(|targets| &targets.reached).filter(|reached| !reached.runs.is_empty());
    Table::new("targets", about, columns(study, steps, reference), rows).on_page("Steps to a target")
}

fn columns<'t>(study: &Study, steps: u32, reference: String) -> Vec<Column<&'t Reached>> {
    let (names, model_set) = (study.optimizers.clone(), study.model_set.clone());
    vec![
        Column::new(
            "target_percent",
            "%",
            "Share of the steps after which the reference reaches the target",
            |line: &&Reached| line.percent.into(),
        ),
        Column::new("reference", "", "Optimizer that sets the targets", move |_| (&reference).into()),
        Column::new("optimizer", "", "Optimizer", move |line: &&Reached| (&names[line.optimizer]).into()),
        Column::new(
            "mean_steps",
            "steps",
            "Mean number of steps to the target (restricted mean: a miss counts as all steps)",
            move |line: &&Reached| Value::real(line.mean_steps(steps), 1),
        ),
        Column::new(
            "share_reached",
            "",
            "Share of the runs that reach it, 0 to 1",
            move |line: &&Reached| Value::real(line.share(steps), 4),
        ),
        Column::new("runs", "runs", "Runs that ended", |line: &&Reached| line.runs.len().into()),
        Column::new("model_set", "", "Model set of the run", move |_| (&model_set).into()),
    ]
}
