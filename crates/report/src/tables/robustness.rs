//! The order of the optimizers by other rulers.

use super::{Column, Table, Value};
use crate::analysis::{Ruler, Verdict};
use crate::study::Study;

struct Line<'v> {
    ruler: Ruler,
    place: usize,
    optimizer: &'v String,
    may_be_best: bool,
    tau: Option<f64>,
}

/// The order by every ruler, the main one first.
pub(super) fn robustness(study: &Study, verdict: &Verdict) -> Table {
    let main = (1..).zip(&verdict.places).map(|(place, entry)| Line {
        ruler: Ruler::MAIN,
        place,
        optimizer: &entry.name,
        may_be_best: entry.may_be_best,
        tau: Some(1.0),
    });
    let others = verdict.others.iter().flat_map(|other| {
        (1..).zip(&other.order).map(|(place, optimizer)| Line {
            ruler: other.ruler,
            place,
            optimizer,
            may_be_best: other.may_be_best.contains(optimizer),
            tau: other.tau,
        })
    });
    let about = "A row for every ruler (a way to score images) and optimizer.";
    let table = Table::new("robustness", about, columns(study), main.chain(others));
    table.on_page("The order by other rulers")
}

fn columns<'v>(study: &Study) -> Vec<Column<Line<'v>>> {
    let model_set = study.model_set.clone();
    vec![
        Column::new(
            "ruler",
            "",
            "`averaged`: similarity of the averaged latents' image; `live`: of the live latents' image; `judge`: of the \
             averaged latents' image, by the held-out judge",
            |line: &Line| line.ruler.measure.name().into(),
        ),
        Column::new(
            "steps_percent",
            "%",
            "Share of the steps after which images are scored",
            |line: &Line| line.ruler.budget.percent().into(),
        ),
        Column::new("place", "", "Rank by this ruler; 1 is the best", |line: &Line| line.place.into()),
        Column::new("optimizer", "", "Optimizer", |line: &Line| line.optimizer.into()),
        Column::new(
            "may_be_best",
            "",
            "True unless this ruler rules it out as the best (95 %)",
            |line: &Line| line.may_be_best.into(),
        ),
        Column::new(
            "tau",
            "",
            "Kendall's τ-b of this order with that by `averaged` after all steps",
            |line: &Line| Value::real(line.tau, 4),
        ),
        Column::new("model_set", "", "Model set of the run", move |_| (&model_set).into()),
    ]
}
