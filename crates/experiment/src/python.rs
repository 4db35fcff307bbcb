//! Optimizers in Python: entries of `[optimizer]` with a key `python`.

use std::borrow::Cow;

use optim::OptimizerConfig;
use optim_python::{AnyOptimizer, PythonSettings};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::Variant;
use super::axes::{self, Choice};
use super::error::Fault;
use super::tables::as_table;
use super::tuning::{self, TuneRange};

/// The key that makes an entry one in Python.
const PYTHON: &str = "python";
/// The key of the arguments.
const ARGS: &str = "args";

/// The settings of an entry that is meant to be in Python.
pub(super) fn is_meant<'t, 'i>(settings: &'t Spanned<DeValue<'i>>) -> Option<Spanned<&'t DeTable<'i>>> {
    let table = settings.get_ref().as_table()?;
    table.contains_key(PYTHON).then(|| Spanned::new(settings.span(), table))
}

/// The arguments of an entry in Python.
pub(super) fn args<'i>(settings: &Spanned<DeTable<'i>>) -> Result<Option<Spanned<DeTable<'i>>>, Fault> {
    let table = settings.get_ref();
    match table.get(ARGS) {
        Some(args) if table.contains_key(PYTHON) => as_table(ARGS, args.clone()).map(Some),
        _ => Ok(None),
    }
}

/// The variants of an entry, and its ranges to tune: lists and ranges of arguments are axes and
/// ranges as those of any optimizer's settings.
pub(super) fn read<'i>(
    name: &Spanned<Cow<'i, str>>,
    settings: Spanned<&DeTable<'i>>,
) -> Result<(Vec<Variant<AnyOptimizer>>, Vec<TuneRange>), Fault> {
    check_name(name)?;
    let settings = Spanned::new(settings.span(), settings.into_inner().clone());
    let Some(args) = args(&settings)? else {
        return Ok((variants(name, axes::multiply(&settings)?)?, Vec::new()));
    };
    if let Some(span) = date(&args) {
        return Err(Fault::new(span, "a date cannot be an argument").help("write it as a text"));
    }
    let split = tuning::split(&args)?;
    let mut outer = settings;
    let Some((key, _)) = outer.get_mut().remove_entry(ARGS) else { return Ok((Vec::new(), Vec::new())) };
    let inner = axes::multiply(&split.low)?;
    let choices = axes::multiply(&outer)?;
    let choices = choices.iter().flat_map(|outer| inner.iter().map(|inner| outer.around(&key, inner)));
    Ok((variants(name, choices.collect())?, split.ranges))
}

fn variants(
    name: &Spanned<Cow<'_, str>>,
    choices: Vec<Choice<'_>>,
) -> Result<Vec<Variant<AnyOptimizer>>, Fault> {
    let named = |settings| AnyOptimizer::Python { name: name.get_ref().to_string(), settings };
    let read = axes::read::<PythonSettings>(choices)?;
    Ok(read.into_iter().map(|variant| variant.map(named)).collect())
}

/// A label is made of the name and of settings with blanks between them.
fn check_name(name: &Spanned<Cow<'_, str>>) -> Result<(), Fault> {
    const LONGEST: usize = 60;
    let text = name.get_ref();
    if OptimizerConfig::NAMES.contains(&text.as_ref()) {
        let message = format!("`{text}` is the name of a built-in optimizer, and this one is in Python");
        let help = format!("give it a name of its own, such as `{text}-python`");
        return Err(Fault::new(name.span(), message).help(help));
    }
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_.+".contains(c);
    let is_plain = text.starts_with(|c: char| c.is_ascii_alphanumeric()) && text.chars().all(plain);
    if is_plain && text.len() <= LONGEST {
        return Ok(());
    }
    Err(Fault::new(name.span(), format!("`{text}` is not a name for an optimizer"))
        .help("up to 60 ASCII letters, digits, `-`, `_`, `.` and `+`, the first a letter or digit"))
}

/// The place of a date somewhere among arguments.
fn date(args: &Spanned<DeTable<'_>>) -> Option<std::ops::Range<usize>> {
    fn within(value: &Spanned<DeValue<'_>>) -> Option<std::ops::Range<usize>> {
        match value.get_ref() {
            DeValue::Datetime(_) => Some(value.span()),
            DeValue::Array(values) => values.iter().find_map(within),
            DeValue::Table(table) => table.values().find_map(within),
            _ => None,
        }
    }
    args.get_ref().values().find_map(within)
}
