//! An experiment's settings in layers: the model set's own, the file's, those of `--set`; the later
//! is the stronger.

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::error::Fault;
use super::sources::Sources;
use super::spans::shifted;
use super::{Override, overrides};

/// The texts that make an experiment.
#[derive(Clone, Debug)]
pub struct Layers {
    file: (String, String),
    overrides: Vec<Override>,
    models: Option<(String, String)>,
}

/// The table of a model set's manifest that an experiment has as well.
const OF_MODELS: &str = "dream";

impl Layers {
    /// The text of an experiment; `file` names it in errors.
    pub fn new(file: impl Into<String>, text: impl Into<String>) -> Self {
        Self { file: (file.into(), text.into()), overrides: Vec::new(), models: None }
    }

    /// With settings replaced.
    #[must_use]
    pub fn with_overrides(self, overrides: &[Override]) -> Self {
        Self { overrides: overrides.to_vec(), ..self }
    }

    /// Over the dream's settings in a model set's manifest; `file` names it in errors.
    #[must_use]
    pub fn over_models(self, file: impl Into<String>, manifest: impl Into<String>) -> Self {
        Self { models: Some((file.into(), manifest.into())), ..self }
    }

    /// Name and text of every layer.
    pub(super) fn texts(&self) -> impl Iterator<Item = (&str, &str)> {
        let file = [(self.file.0.as_str(), self.file.1.as_str())];
        let overrides = self.overrides.iter().map(|one| ("--set", one.given()));
        let models = self.models.iter().map(|(name, text)| (name.as_str(), text.as_str()));
        file.into_iter().chain(overrides).chain(models)
    }

    /// The table that they make, with places in `sources`, which are theirs.
    pub(super) fn merged<'i>(&self, sources: &'i Sources) -> Result<Spanned<DeTable<'i>>, Fault> {
        let (text, _) = sources.part(0);
        let mut table = DeTable::parse(text).map_err(|error| Fault::of_toml(&error, 0))?;
        for (index, one) in (1..).zip(&self.overrides) {
            let (given, start) = sources.part(index);
            one.apply(table.get_mut(), given, start)?;
        }
        if self.models.is_some() {
            let (manifest, start) = sources.part(1 + self.overrides.len());
            let mut defaults = DeTable::parse(manifest).map_err(|error| Fault::of_toml(&error, start))?;
            if let Some(defaults) = defaults.get_mut().remove(OF_MODELS) {
                add_defaults(table.get_mut(), shifted(defaults, start));
            }
        }
        Ok(table)
    }

    /// The text that says the same by itself: what the results folder keeps.
    pub(super) fn resolved(&self) -> String {
        let text = overrides::with_overrides(&self.file.1, &self.overrides);
        let manifest = self.models.as_ref().and_then(|(_, manifest)| manifest.parse::<toml::Table>().ok());
        match manifest.as_ref().and_then(|manifest| manifest.get(OF_MODELS)?.as_table()) {
            Some(defaults) if !defaults.is_empty() => overrides::with_defaults(&text, OF_MODELS, defaults),
            _ => text,
        }
    }
}

/// Adds what the experiment does not state itself.
fn add_defaults<'i>(table: &mut DeTable<'i>, defaults: Spanned<DeValue<'i>>) {
    let span = defaults.span();
    let DeValue::Table(defaults) = defaults.into_inner() else { return };
    if defaults.is_empty() {
        return;
    }
    if !table.contains_key(OF_MODELS) {
        let empty = Spanned::new(span.clone(), DeValue::Table(DeTable::new()));
        table.insert(Spanned::new(span, OF_MODELS.into()), empty);
    }
    let Some(DeValue::Table(stated)) = table.get_mut(OF_MODELS).map(Spanned::get_mut) else { return };
    for (key, value) in defaults {
        if !stated.contains_key(key.get_ref().as_ref()) {
            stated.insert(key, value);
        }
    }
}
