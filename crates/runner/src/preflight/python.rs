//! Optimizers in Python, each of them made once.

use std::collections::BTreeMap;
use std::ops::Range;

use optim_python::{AnyOptimizer, Interpreter, PythonError, PythonSettings, PythonSource, Raised};
use records::suggestion;
use toml::de::DeValue;

use super::{Fault, Places, Preflight, Versions};
use crate::models::generator_config;

/// Where an experiment has optimizers.
const TABLES: [&[&str]; 2] = [&["optimizer"], &["tuning", "also"]];

/// Makes every optimizer in Python that the cells have. Returns the versions of what they are made
/// of.
pub(super) fn check(
    preflight: &Preflight<'_>,
    interpreter: &Interpreter,
    places: &Places<'_>,
    faults: &mut Vec<Fault>,
) -> Versions {
    let wanted = wanted(preflight);
    if wanted.is_empty() {
        return Versions::new();
    }
    let settings: Vec<&PythonSettings> = wanted.iter().map(|(_, settings)| *settings).collect();
    let checked = optim_python::check(interpreter, &settings, &shapes(preflight));
    for (index, error) in checked.faults {
        let (name, settings) = wanted[index];
        faults.push(fault(name, settings, &error, places));
    }
    checked.versions
}

/// The optimizers in Python, each setting of one once.
fn wanted<'p>(preflight: &Preflight<'p>) -> Vec<(&'p str, &'p PythonSettings)> {
    let mut wanted = BTreeMap::new();
    for (index, cell) in preflight.cells.iter().enumerate() {
        if let AnyOptimizer::Python { name, settings } = &cell.optimizer {
            wanted.entry(cell.optimizer_label.as_str()).or_insert((index, name.as_str(), settings));
        }
    }
    let mut wanted: Vec<_> = wanted.into_values().collect();
    wanted.sort_by_key(|(index, ..)| *index);
    wanted.into_iter().map(|(_, name, settings)| (name, settings)).collect()
}

/// The shapes of the latents, or some like them where the generator is not known.
fn shapes(preflight: &Preflight<'_>) -> [[i64; 2]; 2] {
    let config = generator_config(preflight.judges.set);
    config.map_or([[2, 4], [2, 6]], |config| {
        let rows = config.num_latent_rows();
        [[rows, config.z_dim], [rows, config.num_classes]]
    })
}

fn fault(name: &str, settings: &PythonSettings, error: &PythonError, places: &Places<'_>) -> Fault {
    let fault = Fault::new(format!("optimizer.{name}: {error}"));
    let source = || {
        let is = |value: &DeValue<'_>| {
            let stated = value.as_str().and_then(|text| text.parse::<PythonSource>().ok());
            stated.is_some_and(|stated| stated.short() == settings.python.short())
        };
        TABLES.iter().find_map(|table| Some(places.choice(&path(table, &[name, "python"]), is)?.1))
    };
    let PythonError::Raised { raised, .. } = error else { return fault.at(source(), "here") };
    let argument = raised.unknown.as_ref().and_then(|unknown| argument(name, &unknown.name, places));
    let fault = fault.at(argument.or_else(source), "here");
    match help(raised) {
        Some(help) => fault.help(help),
        None => fault,
    }
}

fn help(raised: &Raised) -> Option<String> {
    match &raised.unknown {
        Some(unknown) => Some(suggestion(&unknown.name, &unknown.known)),
        None if raised.traceback.is_empty() => None,
        None => Some(format!("Python was here:\n{}", printable::text(raised.traceback.trim_end()))),
    }
}

/// The place of an argument.
fn argument(name: &str, argument: &str, places: &Places<'_>) -> Option<Range<usize>> {
    TABLES.iter().find_map(|table| places.value(&path(table, &[name, "args", argument])))
}

fn path<'k>(table: &[&'k str], keys: &[&'k str]) -> Vec<&'k str> {
    [table, keys].concat()
}
