use optim::OptimizerConfig;
use schemars::JsonSchema;
use serde::Deserialize;
use toml::Spanned;

use super::Variant;
use super::error::Fault;

/// Questions to the analysis besides which optimizer is best.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct StudySettings {
    /// The optimizer whose similarities are the targets of the others.
    pub reference: Option<String>,
    /// Differences of mean similarity × 100 below it matter to nobody.
    pub margin: Option<f64>,
}

/// `[study]` as a file states it.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct StudyTable {
    /// The optimizer whose similarities are the targets of the others: the first by default.
    #[schemars(with = "Option<String>", default)]
    reference: Option<Spanned<String>>,
    /// Differences of mean similarity × 100 below it matter to nobody.
    #[schemars(with = "Option<f64>", default, range(min = 0))]
    margin: Option<Spanned<f64>>,
}

impl StudyTable {
    /// The settings, held against the optimizers that there are.
    pub(super) fn read(&self, optimizers: &[Variant<OptimizerConfig>]) -> Result<StudySettings, Fault> {
        if let Some(reference) = &self.reference {
            let known: Vec<String> = optimizers.iter().map(Variant::label).collect();
            if !known.contains(reference.get_ref()) {
                return Err(Fault::unknown(reference.span(), "optimizer", reference.get_ref(), &known));
            }
        }
        if let Some(margin) = self.margin.as_ref().filter(|margin| !(0.0..=200.0).contains(margin.get_ref()))
        {
            let message = format!("`margin` is {}, but must be at least 0 and at most 200", margin.get_ref());
            return Err(Fault::new(margin.span(), message).help("it is in points of mean similarity × 100"));
        }
        Ok(StudySettings {
            reference: self.reference.as_ref().map(|reference| reference.get_ref().clone()),
            margin: self.margin.as_ref().map(|margin| *margin.get_ref()),
        })
    }
}
