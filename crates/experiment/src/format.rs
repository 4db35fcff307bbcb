use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::Deserialize;
use toml::Spanned;

use super::evaluation::EvaluationTable;
use super::prompt::PromptEntry;
use super::seeds::{Seed, SeedsEntry};
use super::study::StudyTable;

/// The keys of an experiment file but for `[dream]`, `[optimizer]` and `[tuning]`; the first two's
/// lists are multiplied out first.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Head {
    pub(super) name: Spanned<String>,
    pub(super) models: Spanned<Vec<String>>,
    pub(super) prompts: Spanned<Vec<Spanned<PromptEntry>>>,
    #[serde(default = "seeds")]
    pub(super) seeds: Spanned<SeedsEntry>,
    #[serde(default = "template")]
    pub(super) template: Spanned<String>,
    #[serde(default)]
    pub(super) exclude: Vec<Spanned<BTreeMap<Spanned<String>, Spanned<toml::Value>>>>,
    #[serde(default)]
    pub(super) labels: BTreeMap<Spanned<String>, Spanned<String>>,
    pub(super) published: Option<PathBuf>,
    #[serde(default)]
    pub(super) study: StudyTable,
    #[serde(default)]
    pub(super) evaluation: EvaluationTable,
    // Taken out before; named here so that a misspelling of them finds its way.
    #[serde(default, rename = "dream")]
    _dream: Option<toml::Table>,
    #[serde(default, rename = "optimizer")]
    _optimizer: Option<toml::Table>,
    #[serde(default, rename = "tuning")]
    _tuning: Option<toml::Table>,
}

pub(super) const TEMPLATE: &str = "a photo of a {}";

fn template() -> Spanned<String> {
    Spanned::new(0..0, TEMPLATE.to_owned())
}

fn seeds() -> Spanned<SeedsEntry> {
    Spanned::new(0..0, SeedsEntry::List(vec![Spanned::new(0..0, Seed(0))]))
}
