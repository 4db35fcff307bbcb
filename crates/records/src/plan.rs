use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::FileDigests;

/// `plan.toml`: what the experiment consists of, in its own order, whether or not it has been run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlanRecord {
    /// The experiment's name.
    pub experiment: String,
    /// The model set that every cell uses.
    pub model_set: String,
    /// The publication whose models these are, such as `the report of 2022`; none of other sets.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reproduces: Option<String>,
    /// The text that a class name is put into to be judged, such as `a photo of a {}`.
    pub template: String,
    /// Optimizers as cells name them, in the experiment's order.
    pub optimizers: Vec<String>,
    /// Seeds in the experiment's order.
    pub seeds: Vec<u64>,
    /// Prompts in the experiment's order.
    pub prompts: Vec<PlannedPrompt>,
    /// All cells in the experiment's order.
    pub cells: Vec<PlannedCell>,
    /// Questions to the analysis.
    #[serde(default, skip_serializing_if = "PlannedStudy::is_default")]
    pub study: PlannedStudy,
    /// Digests of the files beside it that the experiment brought; none in records of version 0.
    #[serde(default, skip_serializing_if = "FileDigests::is_empty")]
    pub files: FileDigests,
}

/// Questions to the analysis besides which optimizer is best.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlannedStudy {
    /// The optimizer whose similarities are the targets of the others; the first one, if none is
    /// named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    /// Differences of mean similarity × 100 below it matter to nobody.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub margin: Option<f64>,
}

impl PlannedStudy {
    fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

/// A prompt of the experiment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlannedPrompt {
    /// The prompt as the experiment gives it.
    pub text: String,
    /// Class name used by the judges.
    pub class_name: String,
}

/// A cell of the experiment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlannedCell {
    /// Path below `cells/`.
    pub id: String,
    /// The digest that its record has to carry.
    pub digest: String,
    /// Its place in the grid; plans of older programs do not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<PlannedPlace>,
}

/// The place of a cell in the grid.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlannedPlace {
    /// The prompt as the experiment gives it.
    pub prompt: String,
    /// The optimizer as cells name it.
    pub optimizer: String,
    /// The seed.
    pub seed: u64,
    /// Further axes, by setting name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub axes: BTreeMap<String, toml::Value>,
}
