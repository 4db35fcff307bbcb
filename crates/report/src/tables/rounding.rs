//! How much of the scores is rounding.

use super::{Column, Table, Value};
use crate::analysis::{Rounding, roundings};
use crate::study::Study;

/// The spread of scores by rounding, beside that by seeds.
pub(super) fn rounding(study: &Study) -> Table {
    let about = "A row for every optimizer whose cells were repeated with differently rounded initial latents; none without \
                 `[study] rounding`.";
    Table::new("rounding", about, columns(study), roundings(study)).on_page("How much is rounding")
}

fn columns(study: &Study) -> Vec<Column<Rounding>> {
    let model_set = study.model_set.clone();
    vec![
        Column::new("optimizer", "", "Optimizer", |line: &Rounding| (&line.optimizer).into()),
        Column::new("cells", "cells", "Cells that were repeated", |line: &Rounding| line.cells.into()),
        Column::new("repetitions", "cells", "Repetitions of these cells in total", |line: &Rounding| {
            line.repetitions.into()
        }),
        Column::new(
            "sd_rounding",
            "cosine × 100",
            "Standard deviation of a cell's similarity under different rounding",
            |line: &Rounding| Value::real(line.sd, 4),
        ),
        Column::new(
            "sd_seeds",
            "cosine × 100",
            "Standard deviation of the similarity over the seeds of a prompt; empty with one seed each",
            |line: &Rounding| Value::real(line.seeds_sd, 4),
        ),
        Column::new("model_set", "", "Model set of the run", move |_| (&model_set).into()),
    ]
}
