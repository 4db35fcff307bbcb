//! Whether our figures may be called a reproduction of published ones.

use records::CellRecord;
use toml::{Table, Value};

use crate::study::{Cell, Study};

/// Settings that differ are listed up to this number.
const LISTED: usize = 3;

/// The rank of the comparison with figures whose table states `published` settings. Only the models
/// of a publication with its settings can reproduce its figures.
pub(super) fn standing(study: &Study, published: &Table) -> String {
    let Some(publication) = &study.reproduces else {
        return format!(
            "A comparison, not a reproduction: the model set is {}, not the paper's.",
            study.model_set
        );
    };
    if published.is_empty() {
        return "A comparison, not a reproduction: the published table does not state its settings (lines \
                that begin with `#:`)."
            .to_owned();
    }
    let different = different(study, published);
    if different.is_empty() {
        return format!(
            "The model set is that of {publication} and the settings are the published ones: ours may be \
             called a reproduction of its figures."
        );
    }
    let mut listed = different.iter().take(LISTED).cloned().collect::<Vec<_>>().join("; ");
    if LISTED < different.len() {
        listed += &format!("; and {} more", different.len() - LISTED);
    }
    format!("A comparison, not a reproduction: {listed}.")
}

/// Settings of cells that are not the published ones, such as "dream.iterations is 30, published
/// 200", each once.
fn different(study: &Study, published: &Table) -> Vec<String> {
    let mut said = Vec::new();
    for (group, stated) in published {
        for cell in &study.cells {
            let found = match (group.as_str(), stated) {
                ("seeds", Value::Array(seeds)) => seed(cell, seeds).into_iter().collect(),
                ("dream", Value::Table(stated)) => settings("dream", &cell.record.dream, stated),
                ("optimizer", Value::Table(stated)) => optimizer(&cell.record, stated),
                _ => vec![format!("`{group}` of the published table is no setting")],
            };
            said.extend(found);
        }
    }
    let mut seen = std::collections::HashSet::new();
    said.retain(|one| seen.insert(one.clone()));
    said
}

fn seed(cell: &Cell, seeds: &[Value]) -> Option<String> {
    let seed = cell.record.seed;
    let published =
        seeds.iter().any(|one| one.as_integer().is_some_and(|one| u64::try_from(one) == Ok(seed)));
    (!published).then(|| format!("seed {seed} is none of the published ones"))
}

/// What differs in the settings of a cell's optimizer, if the table states them.
fn optimizer(record: &CellRecord, stated: &Table) -> Vec<String> {
    let of = |(name, ours): (&String, &Value)| match (ours, stated.get(name)) {
        (Value::Table(ours), Some(Value::Table(stated))) => {
            settings(&format!("optimizer.{name}"), ours, stated)
        }
        _ => Vec::new(),
    };
    record.optimizer_settings.iter().flat_map(of).collect()
}

fn settings(of: &str, ours: &Table, stated: &Table) -> Vec<String> {
    let differs = |(key, published): (&String, &Value)| {
        let ours = ours.get(key);
        if ours.is_some_and(|ours| agree(ours, published)) {
            return None;
        }
        let ours = ours.map_or_else(|| "not known".to_owned(), Value::to_string);
        Some(format!("{of}.{key} is {ours}, published {published}"))
    };
    stated.iter().filter_map(differs).collect()
}

/// Returns true if a recorded value is the published one: numbers by value, tables as far as the
/// published one states them.
fn agree(ours: &Value, published: &Value) -> bool {
    let number = |value: &Value| value.as_float().or_else(|| value.as_integer().map(|number| number as f64));
    match (ours, published) {
        (Value::Table(ours), Value::Table(published)) => {
            published.iter().all(|(key, value)| ours.get(key).is_some_and(|ours| agree(ours, value)))
        }
        _ => match (number(ours), number(published)) {
            (Some(ours), Some(published)) => ours == published,
            _ => ours == published,
        },
    }
}
