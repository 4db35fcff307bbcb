use std::borrow::Cow;
use std::ops::Range;
use std::str::FromStr;

use toml::Spanned;
use toml::de::{DeTable, DeValue};
use toml_edit::{DocumentMut, Item, Key, Table, TableLike, Value};

use super::error::Fault;
use super::schema::expects_text;
use super::spans::shifted;

/// A setting to replace, written `key=value`, such as `optimizer.adam.lr=0.02` or `labels."St.
/// Paul"=church`.
///
/// The value is read as TOML; as a text where it is no TOML, or where the setting takes nothing but
/// texts.
#[derive(Clone, Debug)]
pub struct Override {
    given: String,
    tables: Vec<Part>,
    setting: Part,
    value: Range<usize>,
    is_text: bool,
}

/// One name of a dotted key.
#[derive(Clone, Debug)]
struct Part {
    name: String,
    span: Range<usize>,
}

impl FromStr for Override {
    type Err = String;

    fn from_str(given: &str) -> Result<Self, String> {
        let expected = || "write it as key=value, such as dream.iterations=50".to_owned();
        let (mut parts, after) = key(given).ok_or_else(expected)?;
        let setting = parts.pop().ok_or_else(expected)?;
        let value = trimmed(given, after..given.len());
        let mut path: Vec<&str> = parts.iter().map(|part| part.name.as_str()).collect();
        path.push(&setting.name);
        let is_text = match DeValue::parse(&given[value.clone()]) {
            Ok(read) => !read.get_ref().is_str() && expects_text(&path),
            Err(_) => true,
        };
        Ok(Self { given: given.to_owned(), tables: parts, setting, value, is_text })
    }
}

/// The names of the key that `given` begins with, and the byte after its `=`. Dots and `=` within
/// quotes part nothing.
fn key(given: &str) -> Option<(Vec<Part>, usize)> {
    let mut parts = Vec::new();
    let mut start = 0;
    loop {
        let from = start + given[start..].len() - given[start..].trim_start().len();
        let quoted = given[from..].chars().next().filter(|&c| c == '"' || c == '\'');
        let (name, end) = match quoted {
            Some(quote) => {
                let close = from + closing(&given[from..], quote)?;
                let name = given[from..close].parse::<Key>().ok()?.get().to_owned();
                let rest = given[close..].trim_start();
                (name, given.len() - rest.len())
            }
            None => {
                let end = from + given[from..].find(['.', '='])?;
                (given[from..end].trim().to_owned(), end)
            }
        };
        if name.is_empty() && quoted.is_none() {
            return None;
        }
        parts.push(Part { name, span: trimmed(given, from..end) });
        start = end + 1;
        match given[end..].chars().next()? {
            '=' => return Some((parts, start)),
            '.' => {}
            _ => return None,
        }
    }
}

/// The byte after the quote that closes a quoted key.
fn closing(text: &str, quote: char) -> Option<usize> {
    let mut rest = text.char_indices().skip(1);
    while let Some((at, c)) = rest.next() {
        if c == quote {
            return Some(at + 1);
        }
        if c == '\\' && quote == '"' {
            rest.next();
        }
    }
    None
}

fn trimmed(text: &str, span: Range<usize>) -> Range<usize> {
    let inner = &text[span.clone()];
    let start = span.start + inner.len() - inner.trim_start().len();
    start..start + inner.trim().len()
}

impl Override {
    /// The argument.
    pub(super) fn given(&self) -> &str {
        &self.given
    }

    /// Replaces the setting in a table; `given` is the argument, which starts at the byte `start`
    /// of all texts.
    pub(super) fn apply<'i>(
        &self,
        table: &mut DeTable<'i>,
        given: &'i str,
        start: usize,
    ) -> Result<(), Fault> {
        let mut table = table;
        for part in &self.tables {
            if !table.contains_key(part.name.as_str()) {
                let value = Spanned::new(part.placed(start).span(), DeValue::Table(DeTable::new()));
                table.insert(part.placed(start), value);
            }
            match table.get_mut(part.name.as_str()).map(Spanned::get_mut) {
                Some(DeValue::Table(inner)) => table = inner,
                _ => return Err(self.blocked_by(part, start)),
            }
        }
        let value = self.read_value(given, start);
        match table.get_mut(self.setting.name.as_str()) {
            Some(replaced) => *replaced = value, // in its place, which tables and plots keep
            None => {
                table.insert(self.setting.placed(start), value);
            }
        }
        Ok(())
    }

    fn read_value<'i>(&self, given: &'i str, start: usize) -> Spanned<DeValue<'i>> {
        let raw = &given[self.value.clone()];
        match DeValue::parse(raw) {
            Ok(value) if !self.is_text => shifted(value, start + self.value.start),
            _ => {
                let span = start + self.value.start..start + self.value.end;
                Spanned::new(span, DeValue::String(Cow::Borrowed(raw)))
            }
        }
    }

    fn blocked_by(&self, part: &Part, start: usize) -> Fault {
        let names = self.tables.iter().chain([&self.setting]).map(|part| part.name.as_str());
        let key = names.collect::<Vec<_>>().join(".");
        let name = &part.name;
        let message =
            format!("--set cannot reach `{key}`: `{name}` is a value, which has no settings of its own");
        Fault::new(part.placed(start).span(), message)
    }

    fn as_written(&self) -> Value {
        let raw = &self.given[self.value.clone()];
        match raw.parse() {
            Ok(value) if !self.is_text => value,
            _ => Value::from(raw),
        }
    }
}

impl Part {
    fn placed<'i>(&self, start: usize) -> Spanned<Cow<'i, str>> {
        Spanned::new(start + self.span.start..start + self.span.end, Cow::Owned(self.name.clone()))
    }
}

/// The text of an experiment with settings replaced, as far as they can be; comments stay.
pub fn with_overrides(text: &str, overrides: &[Override]) -> String {
    let Ok(mut document) = text.parse::<DocumentMut>() else { return text.to_owned() };
    if overrides.is_empty() {
        return text.to_owned();
    }
    'overrides: for one in overrides {
        let mut table: &mut dyn TableLike = document.as_table_mut();
        for part in &one.tables {
            let inner = table.entry(&part.name).or_insert_with(|| Item::Table(Table::new()));
            match inner.as_table_like_mut() {
                Some(inner) => table = inner,
                None => continue 'overrides,
            }
        }
        table.insert(&one.setting.name, Item::Value(one.as_written()));
    }
    document.to_string()
}

/// The text of an experiment with settings of one of its tables added, as far as it does not state
/// them itself; a text that is not TOML stays as it is.
pub(super) fn with_defaults(text: &str, table: &str, defaults: &toml::Table) -> String {
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
