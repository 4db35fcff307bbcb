//! Learning-rate schedules: factors on the learning rate, step by step.

use std::f64::consts::PI;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::setting::{CosineTo, LinearTo, StepBy, StepEvery};

/// A linear warm-up, then a decay; by default neither.
///
/// ```toml
/// adam = { lr = 0.05, schedule = { warmup = 100, then = "cosine" } }
/// adam = { lr = 0.05, schedule = { then = { step = { every = 500, by = 0.1 } } } }
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Schedule {
    /// Steps over which the factor rises linearly, from 1 / warmup at the first step to 1 at the last of them.
    pub warmup: u64,
    /// What follows the warm-up.
    pub then: Decay,
}

/// What the learning rate does once warm; each starts from a factor of 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Decay {
    /// Stays.
    #[default]
    Constant,
    /// Falls along a line that reaches zero after the last step.
    Linear,
    /// Falls along half a cosine wave that reaches zero after the last step.
    Cosine,
    /// Falls along a line that reaches this factor after the last step.
    LinearTo(LinearTo),
    /// Falls along half a cosine wave that reaches this factor after the last step.
    CosineTo(CosineTo),
    /// Falls in stairs: multiplied by `by` every `every` steps.
    Step {
        /// Steps between two stairs.
        every: StepEvery,
        /// What the factor is multiplied by at every stair.
        by: StepBy,
    },
}

impl Schedule {
    /// The factor on the learning rate at `step` (the first is 0) of a run of `total_steps`.
    pub fn factor(&self, step: u64, total_steps: u64) -> f64 {
        if step < self.warmup {
            return (step + 1) as f64 / self.warmup as f64;
        }
        self.then.factor(step - self.warmup, total_steps.saturating_sub(self.warmup))
    }
}

impl Decay {
    fn factor(self, step: u64, total_steps: u64) -> f64 {
        let progress = if step < total_steps { step as f64 / total_steps as f64 } else { 1.0 };
        match self {
            Self::Constant => 1.0,
            Self::Linear => 1.0 - progress,
            Self::Cosine => half_wave(progress),
            Self::LinearTo(end) => end.0 + (1.0 - end.0) * (1.0 - progress),
            Self::CosineTo(end) => end.0 + (1.0 - end.0) * half_wave(progress),
            Self::Step { every, by } => by.0.powf((step / every.0) as f64),
        }
    }
}

/// From 1 at 0 to 0 at 1.
fn half_wave(progress: f64) -> f64 {
    0.5 * (1.0 + (PI * progress).cos())
}
