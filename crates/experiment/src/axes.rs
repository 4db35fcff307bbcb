use std::ops::Range;

use optim::OptimizerConfig;
use serde::Deserialize;
use toml::Spanned;
use toml::de::{DeTable, DeValue, Deserializer, ValueDeserializer};

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
}

impl Axis {
    /// The value as people write it: texts without quotes.
    pub fn value_text(&self) -> String {
        match &self.value {
            toml::Value::String(text) => text.clone(),
            value => value.to_string(),
        }
    }
}

impl Variant<OptimizerConfig> {
    /// The optimizer's name, with the settings that vary: `adam`, or `adam lr=0.02`.
    pub fn label(&self) -> String {
        let settings = self.axes.iter().map(|axis| format!(" {}={}", axis.name, axis.value_text()));
        self.settings.name().to_owned() + &settings.collect::<String>()
    }
}

/// Settings in which no list is left.
pub(super) struct Choice<'i> {
    pub(super) axes: Vec<Axis>,
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
            .flat_map(|choice| values.iter().map(|value| choice.with(key, value)))
            .collect::<Result<_, Fault>>()?;
    }
    Ok(choices)
}

/// The entries in the order of the text, which is the order that tables and plots keep.
pub(super) fn in_order<'t, 'i>(
    table: &'t DeTable<'i>,
) -> Vec<(&'t Spanned<std::borrow::Cow<'i, str>>, &'t Spanned<DeValue<'i>>)> {
    let mut entries: Vec<_> = table.iter().collect();
    entries.sort_by_key(|(key, _)| key.span().start);
    entries
}

impl<'i> Choice<'i> {
    fn with(
        &self,
        key: &Spanned<std::borrow::Cow<'i, str>>,
        value: &Spanned<DeValue<'i>>,
    ) -> Result<Self, Fault> {
        let mut axes = self.axes.clone();
        axes.push(Axis { name: key.get_ref().to_string(), value: plain(value)? });
        let mut table = self.table.clone();
        table.get_mut().insert(key.clone(), value.clone());
        Ok(Self { axes, table })
    }

    /// The settings that this choice makes; errors point into the text.
    pub(super) fn read<T: Deserialize<'i>>(self) -> Result<Variant<T>, Fault> {
        let settings = T::deserialize(Deserializer::from(self.table))?;
        Ok(Variant { axes: self.axes, settings })
    }
}

fn distinct<'t, 'i>(
    key: &str,
    span: Range<usize>,
    list: &'t [Spanned<DeValue<'i>>],
) -> Result<&'t [Spanned<DeValue<'i>>], Fault> {
    if list.is_empty() {
        return Err(Fault::new(span, format!("`{key}` is an empty list, which leaves nothing to run")));
    }
    for (index, value) in list.iter().enumerate() {
        let text = plain(value)?;
        for earlier in &list[..index] {
            if plain(earlier)? == text {
                return Err(Fault::new(value.span(), format!("`{key}` lists {text} twice")));
            }
        }
    }
    Ok(list)
}

fn plain(value: &Spanned<DeValue<'_>>) -> Result<toml::Value, Fault> {
    Ok(toml::Value::deserialize(ValueDeserializer::from(value.clone()))?)
}
