//! Our similarities beside published ones.

use statistics::Kendall;

use super::{Column, Table, Value};
use crate::published::{Entry, PublishedComparison};
use crate::study::Study;

/// An optimizer in a row of both tables, or in the row of the means.
struct Line<'c> {
    /// Prompt, class name and further axes.
    name: [String; 3],
    optimizer: &'c str,
    entry: Entry,
    order: Option<Kendall>,
}

/// A row for every row and optimizer of both, then for the optimizers' means.
pub(super) fn published(study: &Study, comparison: &PublishedComparison) -> Table {
    let mut lines = Vec::new();
    for compared in &comparison.rows {
        let row = &study.rows[compared.row];
        let prompt = &study.prompts[row.prompt];
        let name = [&prompt.text, &prompt.class_name, &row.axes].map(String::clone);
        lines.extend(block(comparison, &name, &compared.entries, compared.order));
    }
    let mean = ["mean".to_owned(), String::new(), String::new()];
    lines.extend(block(comparison, &mean, &comparison.means, comparison.order));
    let about = "A row for every prompt and optimizer that both tables have, then for the optimizers' means.";
    Table::new("published", about, columns(study, comparison), lines)
}

fn columns<'c>(study: &Study, comparison: &PublishedComparison) -> Vec<Column<Line<'c>>> {
    let (model_set, source) = (study.model_set.clone(), comparison.source.clone());
    vec![
        Column::new("prompt", "", "Prompt; `mean` in the last rows", |line: &Line| (&line.name[0]).into()),
        Column::new(
            "class_name",
            "",
            "Name that images are judged as; empty for the means",
            |line: &Line| (&line.name[1]).into(),
        ),
        Column::new("axes", "", "Values of further axes", |line: &Line| (&line.name[2]).into()),
        Column::new("optimizer", "", "Optimizer", |line: &Line| line.optimizer.into()),
        Column::new("ours", "cosine × 100", "Mean similarity over the seeds", |line: &Line| {
            Value::real(line.entry.ours, 4)
        }),
        Column::new("published", "cosine × 100", "Published similarity", |line: &Line| {
            Value::real(line.entry.published, 4)
        }),
        Column::new("difference", "cosine × 100", "Ours minus published", |line: &Line| {
            Value::real(line.entry.difference(), 4)
        }),
        Column::new(
            "kendall_tau",
            "",
            "Kendall's τ-b of the two orders of the optimizers in the row",
            |line: &Line| Value::real(line.order.map(|order| order.tau), 4),
        ),
        Column::new("model_set", "", "Model set of the run", move |_| (&model_set).into()),
        Column::new("source", "", "Origin of the published similarities", move |_| (&source).into()),
    ]
}

fn block<'c>(
    comparison: &'c PublishedComparison,
    name: &[String; 3],
    entries: &[Entry],
    order: Option<Kendall>,
) -> Vec<Line<'c>> {
    let line = |(optimizer, entry): (&'c String, &Entry)| Line {
        name: name.clone(),
        optimizer,
        entry: *entry,
        order,
    };
    comparison.optimizers.iter().zip(entries).map(line).collect()
}
