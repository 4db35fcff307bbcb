//! # Schedules
//!
//! What the learning rate does over a run: a factor f on it at every step, for any of the
//! optimizers. A linear warm-up and what follows it are set apart, so that each goes with each.
//!
//! With the step i from 0, the run's n steps and the warm-up's w:
//!
//! ```text
//! i < w:        f = (i + 1) / w
//! else, with p = (i - w) / (n - w), and 1 from step n on:
//! constant      f = 1
//! linear        f = 1 - p
//! linear-to e   f = e + (1 - e) (1 - p)
//! cosine        f = ½ (1 + cos π p)
//! cosine-to e   f = e + (1 - e) ½ (1 + cos π p)
//! step          f = by^⌊(i - w) / every⌋
//! ```
//!
//! As PyTorch's `LinearLR`, `CosineAnnealingLR` and `StepLR`, chained by `SequentialLR`. No step of
//! a run has a factor of zero: the first has 1 / w, and linear and cosine come to zero after the
//! last.

use std::f64::consts::PI;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::setting::{CosineTo, LinearTo, StepBy, StepEvery, Warmup};

/// A linear warm-up, then a decay; by default neither.
///
/// ```toml
/// adam = { lr = 0.05, schedule = { warmup = 100, then = "cosine" } }
/// adam = { lr = 0.05, schedule = { then = { step = { every = 500, by = 0.1 } } } }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[serde(expecting = "a table such as { warmup = 100, then = \"cosine\" }")]
pub struct Schedule {
    /// Steps over which the factor rises linearly, from 1 / warmup at the first step to 1 at the
    /// last of them.
    pub warmup: Warmup,
    /// The decay after the warm-up.
    pub then: Decay,
}

/// Decay of the learning rate after the warm-up; each starts from a factor of 1.
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
        /// Multiplier of the factor at every stair.
        by: StepBy,
    },
}

impl Default for Schedule {
    fn default() -> Self {
        Self { warmup: Warmup(0), then: Decay::Constant }
    }
}

impl Schedule {
    /// The factor on the learning rate at `step` (the first is 0) of a run of `total_steps`.
    pub fn factor(&self, step: u64, total_steps: u64) -> f64 {
        let warmup = self.warmup.0 as u64;
        if step < warmup {
            return (step + 1) as f64 / warmup as f64;
        }
        self.then.factor(step - warmup, total_steps.saturating_sub(warmup))
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
            Self::Step { every, by } => by.0.powf((step / every.0 as u64) as f64),
        }
    }
}

/// From 1 at 0 to 0 at 1.
fn half_wave(progress: f64) -> f64 {
    0.5 * (1.0 + (PI * progress).cos())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn warmup_rises_to_one_and_the_decay_starts_there() {
        let schedule = Schedule { warmup: Warmup(4), then: Decay::Linear };
        let factors: Vec<f64> = (0..10).map(|step| schedule.factor(step, 8)).collect();
        assert_eq!(factors, [0.25, 0.5, 0.75, 1.0, 1.0, 0.75, 0.5, 0.25, 0.0, 0.0]);
    }

    #[test]
    fn a_run_shorter_than_its_warmup_is_all_warmup() {
        let schedule = Schedule { warmup: Warmup(100), then: Decay::Cosine };
        assert_eq!(schedule.factor(9, 10), 0.1);
        assert_eq!(schedule.factor(100, 10), 0.0);
    }

    #[test]
    fn a_cosine_is_halfway_down_at_half_time() {
        let to = |end| Schedule { then: Decay::CosineTo(CosineTo(end)), ..Schedule::default() };
        assert!((to(0.2).factor(50, 100) - 0.6).abs() < 1e-12);
        assert_eq!(to(0.2).factor(0, 100), 1.0);
        assert_eq!(to(0.2).factor(100, 100), 0.2);
    }

    #[test]
    fn stairs_fall_at_every_stair() {
        let schedule =
            Schedule { then: Decay::Step { every: StepEvery(3), by: StepBy(0.5) }, ..Schedule::default() };
        let factors: Vec<f64> = (0..8).map(|step| schedule.factor(step, 8)).collect();
        assert_eq!(factors, [1.0, 1.0, 1.0, 0.5, 0.5, 0.5, 0.25, 0.25]);
    }
}
