//! The tuning: every trial, and what choosing among fewer would have come to.

use records::{TunedOptimizer, TunedTrial, spelled};

use super::{Column, Table, Value};
use crate::analysis::{ExpectedChoice, expected_choices};
use crate::study::Study;

type Line<'s> = (&'s TunedOptimizer, &'s TunedTrial);

/// Every trial of the tuning.
pub(super) fn tuning(study: &Study) -> Table {
    let optimizers = study.tuned.iter().flat_map(|tuned| &tuned.optimizers);
    let lines = optimizers.flat_map(|optimizer| optimizer.trials.iter().map(move |trial| (optimizer, trial)));
    let about =
        "A row for every trial of the tuning, on prompts that are not tested; none if nothing was tuned.";
    Table::new("tuning", about, trial_columns(study), lines).on_page("Tuning: every trial")
}

fn trial_columns<'s>(study: &Study) -> Vec<Column<Line<'s>>> {
    let model_set = study.model_set.clone();
    vec![
        Column::new("optimizer", "", "Optimizer", |line: &Line| (&line.0.optimizer).into()),
        Column::new("settings", "", "Values that were tried", |line: &Line| spelled(&line.1.values).into()),
        Column::new("score", "cosine × 100", "Mean similarity over the tuning prompts", |line: &Line| {
            Value::real(100.0 * line.1.score, 4)
        }),
        Column::new(
            "diverged",
            "runs",
            "Runs that diverged; each counts as the lowest score of its prompt and seed",
            |line: &Line| line.1.diverged.into(),
        ),
        Column::new("chosen", "", "True for the trial whose settings are tested", |line: &Line| {
            (line.0.chosen == line.1.values).into()
        }),
        Column::new(
            "edge",
            "",
            "`low` or `high` if the choice is at that end of what was tried",
            |line: &Line| line.0.edge.as_ref().filter(|_| line.0.chosen == line.1.values).into(),
        ),
        Column::new("model_set", "", "Model set of the run", move |_| (&model_set).into()),
    ]
}

/// The expected choice among fewer trials.
pub(super) fn choices(study: &Study) -> Table {
    let about = "A row for every optimizer and number of trials: the expected score of the best of so many, chosen on half of \
                 the tuning prompts and scored on the other half.";
    let rows = study.tuned.iter().flat_map(expected_choices);
    Table::new("choices", about, choice_columns(study), rows).on_page("Tuning: fewer trials")
}

fn choice_columns(study: &Study) -> Vec<Column<ExpectedChoice>> {
    let model_set = study.model_set.clone();
    vec![
        Column::new("optimizer", "", "Optimizer", |line: &ExpectedChoice| (&line.optimizer).into()),
        Column::new("trials", "trials", "Trials to choose from", |line: &ExpectedChoice| line.trials.into()),
        Column::new(
            "score",
            "cosine × 100",
            "Expected score of the chosen trial",
            |line: &ExpectedChoice| Value::real(100.0 * line.score, 4),
        ),
        Column::new("model_set", "", "Model set of the run", move |_| (&model_set).into()),
    ]
}
