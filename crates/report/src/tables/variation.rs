//! Sources of variance of differences of optimizers.

use super::{Column, Table, Value};
use crate::analysis::{Variation, Verdict, variations};
use crate::study::Study;

/// The variance of the first one's lead over every other, by its sources.
pub(super) fn variation(study: &Study, verdict: &Verdict) -> Table {
    let about = "A row for every optimizer except the first: the components of the variance of the first one's lead over it.";
    Table::new("variation", about, columns(study), variations(verdict)).on_page("What makes leads vary")
}

fn columns(study: &Study) -> Vec<Column<Variation>> {
    let model_set = study.model_set.clone();
    let unit = "(cosine × 100)²";
    vec![
        Column::new("a", "", "Optimizer with the best mean", |line: &Variation| (&line.a).into()),
        Column::new("b", "", "Optimizer it is compared with", |line: &Variation| (&line.b).into()),
        Column::new(
            "sd",
            "cosine × 100",
            "Standard deviation of a minus b over the prompts",
            |line: &Variation| Value::real(line.sd, 4),
        ),
        Column::new(
            "prompts",
            unit,
            "Variance between prompts; empty unless prompts share several seeds",
            |line: &Variation| Value::real(line.components.map(|parts| parts.blocks), 4),
        ),
        Column::new("seeds", unit, "Variance between seeds", |line: &Variation| {
            Value::real(line.components.map(|parts| parts.seeds), 4)
        }),
        Column::new(
            "rest",
            unit,
            "Variance by the interaction of prompts and seeds, and by chance",
            |line: &Variation| Value::real(line.components.map(|parts| parts.rest), 4),
        ),
        Column::new("model_set", "", "Model set of the run", move |_| (&model_set).into()),
    ]
}
