//! The section on published figures.

use serde::Serialize;

use crate::published::{ComparedRow, Entry, PublishedComparison, signed};
use crate::study::Study;
use statistics::Kendall;

/// Ours beside the published.
#[derive(Serialize)]
pub(super) struct Published {
    source: String,
    words: Vec<String>,
    optimizers: Vec<String>,
    rows: Vec<Row>,
    means: Row,
}

#[derive(Serialize)]
struct Row {
    name: String,
    note: String,
    tau: String,
    entries: Vec<Shown>,
}

#[derive(Serialize)]
struct Shown {
    ours: String,
    published: String,
    difference: String,
    /// Sort key: the difference.
    number: Option<f64>,
}

impl Published {
    /// The section, if the experiment names published figures.
    pub(super) fn of(study: &Study, note: impl Fn(usize) -> String) -> Option<Self> {
        let comparison = PublishedComparison::of(study)?;
        let row = |compared: &ComparedRow| Row {
            name: study.prompts[study.rows[compared.row].prompt].text.clone(),
            note: note(compared.row),
            tau: tau(compared.order),
            entries: compared.entries.iter().map(shown).collect(),
        };
        Some(Self {
            words: comparison.words(study),
            rows: comparison.rows.iter().map(row).collect(),
            means: Row {
                name: "mean".to_owned(),
                note: String::new(),
                tau: tau(comparison.order),
                entries: comparison.means.iter().map(shown).collect(),
            },
            source: comparison.source,
            optimizers: comparison.optimizers,
        })
    }
}

fn shown(entry: &Entry) -> Shown {
    let figure = |figure: Option<f64>| figure.map_or("—".to_owned(), |figure| format!("{figure:.2}"));
    Shown {
        ours: figure(entry.ours),
        published: figure(entry.published),
        difference: entry.difference().map_or("—".to_owned(), signed),
        number: entry.difference(),
    }
}

fn tau(order: Option<Kendall>) -> String {
    order.map_or("—".to_owned(), |order| signed(order.tau))
}
