//! The time that every cell took.

use super::{Column, Table, Value};
use crate::study::{Cell, Study};

/// The only table that differs from run to run.
pub(super) fn timings(study: &Study) -> Table {
    let devices = study.environment.as_ref().map(|environment| environment.devices.join(" "));
    let columns = vec![
        Column::new("cell", "", "Path of the cell below `cells/`", |cell: &&Cell| (&cell.record.id).into()),
        Column::new("steps", "steps", "Steps taken", |cell: &&Cell| cell.steps().into()),
        Column::new("seconds", "s", "Time spent on the cell", |cell: &&Cell| Value::real(cell.seconds(), 3)),
        Column::new("steps_per_second", "steps/s", "Steps per second", |cell: &&Cell| {
            let seconds = cell.seconds().filter(|seconds| 0.0 < *seconds);
            Value::real(seconds.map(|seconds| cell.steps() as f64 / seconds), 3)
        }),
        Column::new("devices", "", "Devices of the run", move |_| devices.as_ref().into()),
        Column::new("model_set", "", "Model set of the run", |cell: &&Cell| (&cell.record.model_set).into()),
    ];
    Table::new("timings", "A row for every cell that has been begun.", columns, &study.cells)
}
