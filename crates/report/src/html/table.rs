//! A table of `tables/` on the page, from the columns that its file has.

use serde::Serialize;

use crate::tables::{Table, Value};

/// Rows of a table that the page shows; its file has all of them.
const ROWS: usize = 300;

/// A table under a heading that unfolds it.
#[derive(Serialize)]
pub(super) struct Sheet {
    title: &'static str,
    about: &'static str,
    file: &'static str,
    columns: Vec<Heading>,
    rows: Vec<Vec<Entry>>,
    /// Rows that are in the file alone.
    more: usize,
}

#[derive(Serialize)]
struct Heading {
    name: String,
    /// Meaning and unit.
    meaning: String,
    is_number: bool,
}

#[derive(Serialize)]
struct Entry {
    text: String,
    /// The column that the table is sorted by.
    number: Option<f64>,
}

impl Sheet {
    /// `None` for a table that has no heading on the page, or no rows.
    pub(super) fn of(table: &Table) -> Option<Self> {
        let title = table.title.filter(|_| !table.rows.is_empty())?;
        // The page names the model set once, at the top.
        let shown: Vec<usize> =
            (0..table.heads.len()).filter(|&column| table.heads[column].name != "model_set").collect();
        let row = |row: &Vec<Value>| shown.iter().map(|&column| entry(&row[column])).collect();
        Some(Self {
            title,
            about: table.about,
            file: table.name,
            columns: shown.iter().map(|&column| heading(table, column)).collect(),
            rows: table.rows.iter().take(ROWS).map(row).collect(),
            more: table.rows.len().saturating_sub(ROWS),
        })
    }
}

fn heading(table: &Table, column: usize) -> Heading {
    let head = &table.heads[column];
    let unit = if head.unit.is_empty() { String::new() } else { format!(" ({})", head.unit) };
    let is_number = table.rows.iter().any(|row| row[column].number().is_some());
    Heading {
        name: head.name.replace('_', " "),
        meaning: format!("{}{unit}", head.meaning.replace('`', "")),
        is_number,
    }
}

fn entry(value: &Value) -> Entry {
    let text = match value {
        Value::Missing => "—".to_owned(),
        Value::Flag(flag) => if *flag { "yes" } else { "no" }.to_owned(),
        other if other.number().is_some() => other.to_string().replace('-', "−"),
        other => other.to_string(),
    };
    Entry { text, number: value.number() }
}
