use std::borrow::Cow;
use std::collections::HashMap;
use std::ops::Range;

use optim_python::AnyOptimizer;
use serde::{Deserialize, Serialize};
use toml::Spanned;
use toml::de::{DeTable, DeValue, Deserializer, ValueDeserializer};

use super::by_value::{self, ByValue};
use super::canonical::canonical;
use super::error::Fault;

/// A setting that varies over the grid, and one of its values.
#[derive(Clone, Debug, PartialEq)]
pub struct Axis {
    /// The setting's name.
    pub name: String,
    /// Its value.
    pub value: toml::Value,
}

/// One choice of a value for every list, and the settings that this makes.
#[derive(Clone, Debug)]
pub struct Variant<T> {
    /// The settings that vary.
    pub axes: Vec<Axis>,
    /// All settings.
    pub settings: T,
    /// A suffix that distinguishes it from another of its name and axes, such as `as given`.
    pub note: Option<&'static str>,
}

impl Axis {
    /// The value as people write it: texts without quotes.
    pub fn value_text(&self) -> String {
        by_value::text_of(&self.value)
    }
}

impl<T> Variant<T> {
    /// The same choice of other settings.
    pub(super) fn map<U>(self, settings: impl FnOnce(T) -> U) -> Variant<U> {
        Variant { axes: self.axes, settings: settings(self.settings), note: self.note }
    }
}

impl Variant<AnyOptimizer> {
    /// The optimizer's name, with the settings that vary: `adam`, or `adam lr=0.02`, or `adam as
    /// given`.
    pub fn label(&self) -> String {
        let settings = self.axes.iter().map(|axis| format!(" {}={}", axis.name, axis.value_text()));
        let note = self.note.map(|note| format!(" {note}")).unwrap_or_default();
        self.settings.name().to_owned() + &settings.collect::<String>() + &note
    }
}

/// Settings in which no list is left.
pub(super) struct Choice<'i> {
    /// The settings that vary, and the places of their values.
    pub(super) axes: Vec<(Axis, Range<usize>)>,
    pub(super) table: Spanned<DeTable<'i>>,
}

/// All choices of one value from every list of `table`; the last list varies fastest.
pub(super) fn multiply<'i>(table: &Spanned<DeTable<'i>>) -> Result<Vec<Choice<'i>>, Fault> {
    let empty = Choice { axes: Vec::new(), table: Spanned::new(table.span(), DeTable::new()) };
    let mut choices = vec![empty];
    for (key, value) in in_order(table.get_ref()) {
        let Some(list) = value.get_ref().as_array() else {
            for choice in &mut choices {
                choice.table.get_mut().insert(key.clone(), value.clone());
            }
            continue;
        };
        let values = distinct(key.get_ref(), value.span(), list)?;
        choices = choices
            .iter()
            .flat_map(|choice| values.iter().map(|(value, plain)| choice.with(key, value, plain)))
            .collect();
    }
    Ok(choices)
}

/// The settings that choices make.
///
/// # Errors
/// The first fault in a setting, or two choices that make the same settings.
pub(super) fn read<'i, T: Deserialize<'i> + Serialize>(
    choices: Vec<Choice<'i>>,
) -> Result<Vec<Variant<T>>, Fault> {
    let places: Vec<Vec<Range<usize>>> =
        choices.iter().map(|choice| choice.axes.iter().map(|(_, place)| place.clone()).collect()).collect();
    let variants: Vec<Variant<T>> = choices.into_iter().map(Choice::read).collect::<Result<_, _>>()?;
    let mut seen = HashMap::new();
    for (index, variant) in variants.iter().enumerate() {
        // Settings that cannot be written are compared by nothing: those of this project all can.
        let Ok(settings) = serde_json::to_string(&variant.settings) else { continue };
        let Some(earlier) = seen.insert(settings, index) else { continue };
        let (this, other) = (&variant.axes, &variants[earlier].axes);
        let Some(axis) = (0..this.len()).rev().find(|&axis| this[axis].value != other[axis].value) else {
            continue;
        };
        let (first, again) = (other[axis].value_text(), this[axis].value_text());
        let message = format!("`{}` lists the same setting twice: {first} and {again}", this[axis].name);
        return Err(Fault::twice(places[index][axis].clone(), places[earlier][axis].clone(), message));
    }
    Ok(variants)
}

/// The entries in the order of the text, which is the order that tables and plots keep.
pub(super) fn in_order<'t, 'i>(
    table: &'t DeTable<'i>,
) -> Vec<(&'t Spanned<Cow<'i, str>>, &'t Spanned<DeValue<'i>>)> {
    let mut entries: Vec<_> = table.iter().collect();
    entries.sort_by_key(|(key, _)| key.span().start);
    entries
}

impl<'i> Choice<'i> {
    /// This choice with `inner` as the table `key` of its settings.
    pub(super) fn around(&self, key: &Spanned<Cow<'i, str>>, inner: &Self) -> Self {
        let axes = self.axes.iter().chain(&inner.axes).cloned().collect();
        let mut table = self.table.clone();
        let value = Spanned::new(inner.table.span(), DeValue::Table(inner.table.get_ref().clone()));
        table.get_mut().insert(key.clone(), value);
        Self { axes, table }
    }

    fn with(&self, key: &Spanned<Cow<'i, str>>, value: &Spanned<DeValue<'i>>, plain: &toml::Value) -> Self {
        let mut axes = self.axes.clone();
        axes.push((Axis { name: key.get_ref().to_string(), value: canonical(plain.clone()) }, value.span()));
        let mut table = self.table.clone();
        table.get_mut().insert(key.clone(), value.clone());
        Self { axes, table }
    }

    /// The settings that this choice makes; errors point into the text.
    fn read<T: Deserialize<'i>>(self) -> Result<Variant<T>, Fault> {
        let settings = T::deserialize(Deserializer::from(self.table))?;
        Ok(Variant { axes: self.axes.into_iter().map(|(axis, _)| axis).collect(), settings, note: None })
    }
}

/// A value with its place, and without.
type Placed<'t, 'i> = (&'t Spanned<DeValue<'i>>, toml::Value);

fn distinct<'t, 'i>(
    key: &str,
    span: Range<usize>,
    list: &'t [Spanned<DeValue<'i>>],
) -> Result<Vec<Placed<'t, 'i>>, Fault> {
    if list.is_empty() {
        return Err(Fault::new(span, format!("`{key}` is an empty list, which leaves nothing to run")));
    }
    let mut seen: HashMap<ByValue, (Range<usize>, String)> = HashMap::new();
    let mut values = Vec::with_capacity(list.len());
    for value in list {
        let plain = toml::Value::deserialize(ValueDeserializer::from(value.clone()))?;
        let text = plain.to_string();
        if let Some((earlier, first)) = seen.insert(ByValue::from(&plain), (value.span(), text.clone())) {
            let also = if first == text { String::new() } else { format!(", first as {first}") };
            let message = format!("`{key}` lists {text} twice{also}");
            return Err(Fault::twice(value.span(), earlier, message));
        }
        values.push((value, plain));
    }
    Ok(values)
}
