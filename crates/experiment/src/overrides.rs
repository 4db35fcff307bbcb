use std::str::FromStr;

use miette::Diagnostic;
use thiserror::Error;
use toml_edit::{DocumentMut, Item, Table, TableLike, Value};

/// A setting to replace, written `key=value`, such as `optimizer.adam.lr=0.02`.
///
/// The value is read as TOML and, where it is none, as a text.
#[derive(Clone, Debug)]
pub struct Override {
    tables: Vec<String>,
    setting: String,
    value: Value,
}

/// An [`Override`] that cannot be followed.
#[derive(Debug, Error, Diagnostic)]
#[error("--set cannot reach `{key}`: `{part}` is a value, which has no settings of its own")]
pub struct OverrideError {
    key: String,
    part: String,
}

impl FromStr for Override {
    type Err = String;

    fn from_str(given: &str) -> Result<Self, String> {
        let expected = || "write it as key=value, such as dream.iterations=50".to_owned();
        let (key, value) = given.split_once('=').ok_or_else(expected)?;
        let mut parts: Vec<String> = key.split('.').map(|part| part.trim().to_owned()).collect();
        if parts.iter().any(String::is_empty) {
            return Err(expected());
        }
        let setting = parts.pop().ok_or_else(expected)?;
        let value = value.trim().parse().unwrap_or_else(|_| Value::from(value.trim()));
        Ok(Self { tables: parts, setting, value })
    }
}

/// The text of an experiment with settings replaced; a text that is not TOML stays as it is, since reading it gives the
/// better error.
///
/// # Errors
/// [`OverrideError`] names the one that cannot be followed.
pub fn with_overrides(text: &str, overrides: &[Override]) -> Result<String, OverrideError> {
    let Ok(mut document) = text.parse::<DocumentMut>() else { return Ok(text.to_owned()) };
    for one in overrides {
        let mut table: &mut dyn TableLike = document.as_table_mut();
        for part in &one.tables {
            let inner = table.entry(part).or_insert_with(|| Item::Table(Table::new()));
            table = inner.as_table_like_mut().ok_or_else(|| one.blocked_by(part))?;
        }
        table.insert(&one.setting, Item::Value(one.value.clone()));
    }
    Ok(document.to_string())
}

/// The text of an experiment with settings of one of its tables added, as far as it does not state them itself; a text that
/// is not TOML stays as it is.
pub fn with_defaults(text: &str, table: &str, defaults: &toml::Table) -> String {
    let Ok(mut document) = text.parse::<DocumentMut>() else { return text.to_owned() };
    let inner = document.entry(table).or_insert_with(|| Item::Table(Table::new()));
    let Some(inner) = inner.as_table_like_mut() else { return text.to_owned() };
    for (key, value) in defaults {
        if let (None, Ok(value)) = (inner.get(key), value.to_string().parse::<Value>()) {
            inner.insert(key, Item::Value(value));
        }
    }
    document.to_string()
}

impl Override {
    fn blocked_by(&self, part: &str) -> OverrideError {
        let key = self.tables.iter().chain([&self.setting]).cloned().collect::<Vec<_>>().join(".");
        OverrideError { key, part: part.to_owned() }
    }
}
