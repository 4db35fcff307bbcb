//! From layers to an experiment, or to the first fault with its place.

use std::ops::Range;

use records::{escaped, forbidden_in_toml};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::error::Fault;
use super::layers::Layers;
use super::sources::Sources;
use super::{Experiment, ExperimentError, read};

impl Layers {
    /// The experiment that they make.
    ///
    /// # Errors
    /// The first fault, with its place in the file, in a `--set` or in the manifest.
    pub fn read(self) -> Result<Experiment, Box<ExperimentError>> {
        let sources = Sources::of(self.texts());
        let read = self.merged(&sources).and_then(|table| {
            let read = read::experiment(&table).and_then(|experiment| {
                showable(&table, &sources)?;
                Ok(experiment)
            });
            read.map_err(|fault| fault.in_words(&table))
        });
        let mut experiment = read.map_err(|fault| Box::new(fault.at(&sources)))?;
        experiment.text = self.resolved();
        experiment.layers = self;
        Ok(experiment)
    }
}

/// Refuses what figures and pages cannot show, and numbers that the results folder could not keep.
fn showable(table: &Spanned<DeTable<'_>>, sources: &Sources) -> Result<(), Fault> {
    if let Some((span, character)) = forbidden_in_toml(table.get_ref(), sources.text()) {
        let written = &sources.text()[span.clone()];
        let help = match written.strip_prefix('\\') {
            Some(letter) if letter.len() == 1 => format!(
                "in double quotes `\\{letter}` is a control character: write a backslash as `\\\\`, or put the text \
                 in 'single quotes', which keep it"
            ),
            _ => "figures and pages cannot show it: remove it".to_owned(),
        };
        let message = format!("a text contains the character {}, which XML 1.0 forbids", escaped(character));
        return Err(Fault::new(span, message).help(help));
    }
    match too_large(table.get_ref()) {
        Some((span, number)) => {
            let message = format!("{number} is too large for a whole number in TOML");
            Err(Fault::new(span, message).help(format!("these range from {} to {}", i64::MIN, i64::MAX)))
        }
        None => Ok(()),
    }
}

fn too_large(table: &DeTable<'_>) -> Option<(Range<usize>, String)> {
    fn in_value(value: &Spanned<DeValue<'_>>) -> Option<(Range<usize>, String)> {
        match value.get_ref() {
            DeValue::Integer(number) => {
                let fits = i64::from_str_radix(number.as_str(), number.radix()).is_ok();
                (!fits).then(|| (value.span(), number.to_string()))
            }
            DeValue::Array(values) => values.iter().find_map(in_value),
            DeValue::Table(table) => too_large(table),
            _ => None,
        }
    }
    table.iter().find_map(|(_, value)| in_value(value))
}
