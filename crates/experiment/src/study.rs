use optim_python::AnyOptimizer;
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
    /// How many times the first prompts' cells are repeated with other rounding; 0 for none.
    pub rounding: u32,
}

/// The most repetitions.
const MOST_REPEATED: u64 = 100;

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
    /// Repeats the cells of the first four prompts so many times, with initial latents that are
    /// moved by one unit in the last place, as other hardware would round them: the report then
    /// says how much of a difference is rounding.
    #[schemars(with = "Option<u64>", default, range(max = 100))]
    rounding: Option<Spanned<u64>>,
}

impl StudyTable {
    /// The settings, held against the optimizers that there are.
    pub(super) fn read(&self, optimizers: &[Variant<AnyOptimizer>]) -> Result<StudySettings, Fault> {
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
        let rounding = self.rounding.as_ref().map_or(0, |rounding| *rounding.get_ref());
        if let Some(stated) = self.rounding.as_ref().filter(|_| MOST_REPEATED < rounding) {
            let message =
                format!("`rounding` is {rounding}, but must be at least 0 and at most {MOST_REPEATED}");
            return Err(
                Fault::new(stated.span(), message).help("it is a number of repetitions; three are enough")
            );
        }
        Ok(StudySettings {
            rounding: rounding as u32,
            reference: self.reference.as_ref().map(|reference| reference.get_ref().clone()),
            margin: self.margin.as_ref().map(|margin| *margin.get_ref()),
        })
    }
}
