//! Our similarities beside published ones.

use super::{csv, number, strings};
use crate::published::{Entry, PublishedComparison};
use crate::study::Study;
use statistics::Kendall;

/// One row for every row and optimizer of both, then the optimizers' means; τ is Kendall's over the optimizers of the row.
pub(super) fn published(study: &Study, comparison: &PublishedComparison) -> Result<Vec<u8>, csv::Error> {
    let header = [
        "prompt",
        "class_name",
        "axes",
        "optimizer",
        "ours",
        "published",
        "difference",
        "kendall_tau",
        "model_set",
        "source",
    ];
    let mut lines = Vec::new();
    for compared in &comparison.rows {
        let row = &study.rows[compared.row];
        let prompt = &study.prompts[row.prompt];
        let name = [&prompt.text, &prompt.class_name, &row.axes].map(String::clone);
        lines.extend(block(study, comparison, &name, &compared.entries, compared.order));
    }
    let mean = ["mean".to_owned(), String::new(), String::new()];
    lines.extend(block(study, comparison, &mean, &comparison.means, comparison.order));
    csv(&strings(&header), lines)
}

fn block(
    study: &Study,
    comparison: &PublishedComparison,
    name: &[String; 3],
    entries: &[Entry],
    order: Option<Kendall>,
) -> Vec<Vec<String>> {
    let line = |(optimizer, entry): (&String, &Entry)| {
        let mut line = name.to_vec();
        line.extend([
            optimizer.clone(),
            number(entry.ours, 4),
            number(entry.published, 4),
            number(entry.difference(), 4),
            number(order.map(|order| order.tau), 4),
            study.model_set.clone(),
            comparison.source.clone(),
        ]);
        line
    };
    comparison.optimizers.iter().zip(entries).map(line).collect()
}
