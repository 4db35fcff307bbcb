//! The optimizers by their means.

use super::{Column, Table, Value};
use crate::analysis::{Place, Verdict};
use crate::study::Study;

/// The optimizers, best mean first; an interval is empty where prompts are too few for any.
pub(super) fn ranking(study: &Study, verdict: &Verdict) -> Table {
    let about = "A row for every optimizer, the best mean first.";
    Table::new("ranking", about, columns(study, verdict), (1..).zip(&verdict.places))
}

type Line<'v> = (usize, &'v Place);

fn columns<'v>(study: &Study, verdict: &Verdict) -> Vec<Column<Line<'v>>> {
    let model_set = study.model_set.clone();
    let mut columns = mean(verdict.scores.blocks.len());
    columns.extend(lead());
    columns.extend([
        Column::new("diverged", "runs", "Runs that diverged", |line: &Line| line.1.diverged.0.into()),
        Column::new("runs", "runs", "Runs that count toward the ranking", |line: &Line| {
            line.1.diverged.1.into()
        }),
        Column::new("judge_mean", "cosine × 100", "Mean similarity by the held-out judge", |line: &Line| {
            Value::real(line.1.judge.map(|(mean, _)| mean), 4)
        }),
        Column::new("judge_place", "", "Rank by that mean", |line: &Line| {
            line.1.judge.map(|(_, place)| place).into()
        }),
        Column::new("model_set", "", "Model set of the run", move |_| (&model_set).into()),
    ]);
    columns
}

fn mean<'v>(prompts: usize) -> Vec<Column<Line<'v>>> {
    vec![
        Column::new("place", "", "Rank by the mean; 1 is the best", |line: &Line| line.0.into()),
        Column::new("optimizer", "", "Optimizer", |line: &Line| (&line.1.name).into()),
        Column::new("mean", "cosine × 100", "Mean similarity over the prompts", |line: &Line| {
            Value::real(line.1.mean, 4)
        }),
        Column::new("sd", "cosine × 100", "Standard deviation over the prompts", |line: &Line| {
            Value::real(line.1.sd, 4)
        }),
        Column::new("prompts", "prompts", "Prompts that are compared", move |_| prompts.into()),
    ]
}

fn lead<'v>() -> Vec<Column<Line<'v>>> {
    vec![
        Column::new("may_be_best", "", "True unless it is ruled out as the best (95 %)", |line: &Line| {
            line.1.may_be_best.into()
        }),
        Column::new("p_best", "", "p value for the hypothesis that it is the best", |line: &Line| {
            Value::real(line.1.p, 6)
        }),
        Column::new(
            "behind",
            "cosine × 100",
            "Mean of the first minus this optimizer's mean",
            |line: &Line| Value::real(line.1.behind.map(|pair| pair.difference), 4),
        ),
        Column::new("behind_low", "cosine × 100", "Lower end of its 95 % interval", |line: &Line| {
            Value::real(line.1.behind.map(|pair| pair.interval.0), 4)
        }),
        Column::new("behind_high", "cosine × 100", "Upper end of its 95 % interval", |line: &Line| {
            Value::real(line.1.behind.map(|pair| pair.interval.1), 4)
        }),
        Column::new("win_rate", "", "Share of the others' scores that it beats, 0 to 1", |line: &Line| {
            Value::real(line.1.win_rate, 4)
        }),
    ]
}
