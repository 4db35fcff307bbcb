use std::collections::BTreeMap;

use records::CellRecord;
use toml::{Table, Value};

/// A setting that a record and a plan disagree on.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Changed {
    /// Key of the setting, such as `dream.iterations`.
    pub setting: String,
    /// The record's value.
    pub was: String,
    /// The plan's value.
    pub is: String,
}

/// Lists the differences between a cell's record and the cell as planned.
pub fn changed_settings(was: &CellRecord, is: &CellRecord) -> Vec<Changed> {
    let (was_flat, is_flat) = (settings(was), settings(is));
    let mut names: Vec<&String> = was_flat.keys().chain(is_flat.keys()).collect();
    names.sort();
    names.dedup();
    let value = |values: &BTreeMap<String, String>, name: &str| {
        values.get(name).cloned().unwrap_or_else(|| "(not set)".to_owned())
    };
    let mut changed: Vec<Changed> = names
        .into_iter()
        .map(|name| Changed { setting: name.clone(), was: value(&was_flat, name), is: value(&is_flat, name) })
        .filter(|changed| changed.was != changed.is)
        .collect();
    if changed.is_empty() {
        // The digest covers more than a record spells out.
        let (was, is) = ("other weights".to_owned(), "those of now".to_owned());
        changed.push(Changed { setting: "model files".to_owned(), was, is });
    }
    changed
}

fn settings(record: &CellRecord) -> BTreeMap<String, String> {
    let mut flat = BTreeMap::new();
    flat.insert("models".to_owned(), record.model_set.clone());
    flatten("dream", &record.dream, &mut flat);
    flatten("optimizer", &record.optimizer_settings, &mut flat);
    flat
}

fn flatten(prefix: &str, table: &Table, flat: &mut BTreeMap<String, String>) {
    for (key, value) in table {
        let name = format!("{prefix}.{key}");
        match value {
            Value::Table(inner) => flatten(&name, inner, flat),
            value => {
                flat.insert(name, value.to_string());
            }
        }
    }
}
