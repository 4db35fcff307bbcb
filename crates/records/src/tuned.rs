use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::check::{Check, cosine_in_range};

/// `tuned.toml`: what was tuned, and what was chosen to be tested. Written once.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TunedRecord {
    /// SHA-256 (hex) over all that was to be tuned: the first trials' cells, texts and ranges.
    pub plan: String,
    /// SHA-256 (hex) over all cells of the tuning and what they reached.
    pub cells: String,
    /// The prompts that trials were scored on, in the experiment's order.
    pub prompts: Vec<String>,
    /// The number of times that a range may be extended.
    pub extend: usize,
    /// The optimizers, in the experiment's order.
    pub optimizers: Vec<TunedOptimizer>,
}

/// An optimizer, its trials and its choice.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TunedOptimizer {
    /// The optimizer as the tested cells name it.
    pub optimizer: String,
    /// The chosen values of what was tuned; none where nothing was.
    pub chosen: BTreeMap<String, f64>,
    /// The end of what was tried at which they lie: `low` or `high`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub edge: Option<String>,
    /// True if these are the settings that it is also given with: they are tested once.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub as_given: bool,
    /// Its trials, in the order in which they were made.
    pub trials: Vec<TunedTrial>,
}

/// A trial and its scores.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TunedTrial {
    /// Its values of what was tuned.
    pub values: BTreeMap<String, f64>,
    /// The mean cosine over the prompts, in [-1, 1].
    pub score: f64,
    /// The mean cosine over the seeds of each prompt; a run that diverged has the least of its
    /// prompt and seed.
    pub prompts: Vec<f64>,
    /// Runs that diverged.
    pub diverged: usize,
}

/// The suffix of an optimizer whose fixed settings are tested beside tuned ones: `adam as given`.
pub const AS_GIVEN: &str = "as given";

/// Values of tuned settings, such as `lr=0.05`; empty where nothing is tuned.
pub fn spelled(values: &BTreeMap<String, f64>) -> String {
    values.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join(" ")
}

impl Check for TunedRecord {
    fn check(&self) -> Result<(), String> {
        let trials = || self.optimizers.iter().flat_map(|optimizer| &optimizer.trials);
        let values = trials().flat_map(|trial| trial.values.values());
        let chosen = self.optimizers.iter().flat_map(|optimizer| optimizer.chosen.values());
        if let Some(value) = values.chain(chosen).find(|value| !value.is_finite()) {
            return Err(format!("a tuned value is {value:e}"));
        }
        trials().try_for_each(|trial| {
            cosine_in_range("score", trial.score)?;
            trial.prompts.iter().try_for_each(|score| cosine_in_range("prompts", *score))
        })
    }
}
