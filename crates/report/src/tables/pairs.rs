//! Every two optimizers on the same prompts.

use statistics::Pair;

use super::{Column, Table, Value};
use crate::analysis::{Place, Verdict};
use crate::study::Study;

struct Line<'v> {
    a: &'v Place,
    b: &'v Place,
    pair: Pair,
}

/// Every two optimizers, in the order of the ranking.
pub(super) fn pairs(study: &Study, verdict: &Verdict) -> Table {
    let places = verdict.places.len();
    let all = (0..places).flat_map(|first| (first + 1..places).map(move |second| (first, second)));
    let lines = all.filter_map(|(first, second)| {
        let (a, b) = (&verdict.places[first], &verdict.places[second]);
        Some(Line { a, b, pair: verdict.pair(first, second)? })
    });
    let about = "A row for every pair of optimizers, compared on the same prompts.";
    Table::new("pairs", about, columns(study, verdict), lines).on_page("Every pair of optimizers")
}

fn columns<'v>(study: &Study, verdict: &Verdict) -> Vec<Column<Line<'v>>> {
    let (prompts, model_set) = (verdict.scores.blocks.len(), study.model_set.clone());
    vec![
        Column::new("a", "", "Optimizer with the better mean", |line: &Line| (&line.a.name).into()),
        Column::new("b", "", "Optimizer it is compared with", |line: &Line| (&line.b.name).into()),
        Column::new("difference", "cosine × 100", "Mean of a minus mean of b", |line: &Line| {
            Value::real(line.pair.difference, 4)
        }),
        Column::new(
            "low",
            "cosine × 100",
            "Lower end of the 95 % interval of the difference",
            |line: &Line| Value::real(line.pair.interval.0, 4),
        ),
        Column::new(
            "high",
            "cosine × 100",
            "Upper end of the 95 % interval of the difference",
            |line: &Line| Value::real(line.pair.interval.1, 4),
        ),
        Column::new("p_adjusted", "", "p value, adjusted for the number of pairs", |line: &Line| {
            Value::real(line.pair.p, 6)
        }),
        Column::new("wins", "prompts", "Prompts on which a is better", |line: &Line| {
            line.pair.wins.wins.into()
        }),
        Column::new("ties", "prompts", "Prompts on which they tie", |line: &Line| line.pair.wins.ties.into()),
        Column::new("losses", "prompts", "Prompts on which b is better", |line: &Line| {
            line.pair.wins.losses.into()
        }),
        Column::new(
            "better",
            "",
            "The better one, if the two can be told apart; otherwise empty",
            |line: &Line| line.better().into(),
        ),
        Column::new("prompts", "prompts", "Prompts that are compared", move |_| prompts.into()),
        Column::new("model_set", "", "Model set of the run", move |_| (&model_set).into()),
    ]
}

impl Line<'_> {
    fn better(&self) -> Option<&String> {
        let column = self.pair.better()?;
        Some(if column == self.a.column { &self.a.name } else { &self.b.name })
    }
}
