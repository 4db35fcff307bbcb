use std::collections::{BTreeMap, BTreeSet};

use bigsleep::DreamSettings;
use optim_python::AnyOptimizer;
use toml::{Spanned, Value};

use super::axes::{Axis, Variant};
use super::by_value::ByValue;
use super::error::Fault;
use super::prompt::PromptEntry;

/// Cells to leave out: those that have one of the values for every key.
#[derive(Clone, Debug)]
pub struct Exclusion {
    pub(crate) conditions: BTreeMap<String, BTreeSet<ByValue>>,
}

type Entry = Spanned<BTreeMap<Spanned<String>, Spanned<Value>>>;

/// Exclusions whose keys are axes of the grid.
pub(super) fn read(
    entries: &[Entry],
    prompts: &[PromptEntry],
    optimizers: &[Variant<AnyOptimizer>],
    dreams: &[Variant<DreamSettings>],
) -> Result<Vec<Exclusion>, Fault> {
    let axes = dreams.iter().flat_map(|dream| &dream.axes).map(|Axis { name, .. }| name.clone());
    let known: BTreeSet<String> =
        ["prompt", "optimizer", "seed"].map(str::to_owned).into_iter().chain(axes).collect();
    let prompts: BTreeSet<String> = prompts.iter().map(|prompt| prompt.text.clone()).collect();
    let names = optimizers.iter().flat_map(|one| [one.settings.name().to_owned(), one.label()]);
    let names: BTreeSet<String> = names.collect();
    let labels: BTreeSet<ByValue> = names.iter().map(|name| ByValue::of_label(name)).collect();
    entries.iter().map(|entry| one(entry, &known, &prompts, &names, &labels)).collect()
}

fn one(
    entry: &Entry,
    known: &BTreeSet<String>,
    prompts: &BTreeSet<String>,
    optimizers: &BTreeSet<String>,
    labels: &BTreeSet<ByValue>,
) -> Result<Exclusion, Fault> {
    let mut conditions = BTreeMap::new();
    for (key, value) in entry.get_ref() {
        if !known.contains(key.get_ref()) {
            return Err(Fault::unknown(key.span(), "axis", key.get_ref(), &listed(known)));
        }
        let any = match value.get_ref() {
            Value::Array(values) => values.clone(),
            value => vec![value.clone()],
        };
        for name in any.iter().filter_map(Value::as_str) {
            let (names, is_known) = match key.get_ref().as_str() {
                "prompt" => (prompts, prompts.contains(name)),
                "optimizer" => (optimizers, labels.contains(&ByValue::of_label(name))),
                _ => continue,
            };
            if !is_known {
                return Err(Fault::unknown(value.span(), key.get_ref(), name, &listed(names)));
            }
        }
        let is_optimizer = key.get_ref() == "optimizer";
        let by_value = |value: &Value| match value.as_str() {
            Some(label) if is_optimizer => ByValue::of_label(label),
            _ => ByValue::from(value),
        };
        conditions.insert(key.get_ref().clone(), any.iter().map(by_value).collect());
    }
    if conditions.is_empty() {
        return Err(Fault::new(entry.span(), "an empty `exclude` would leave out every cell"));
    }
    Ok(Exclusion { conditions })
}

fn listed(names: &BTreeSet<String>) -> Vec<String> {
    names.iter().cloned().collect()
}
