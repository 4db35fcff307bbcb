//! Which optimizers may be the best, and how sure is that: from scores to sentences.

pub(crate) mod machines;
pub(crate) mod published;
mod rounding;
mod ruler;
mod scores;
mod sentences;
mod standing;
mod targets;
mod tuned;
mod variation;
mod verdict;
pub(crate) mod verdicts;
mod words;

pub(crate) use rounding::{Rounding, roundings};
pub(crate) use ruler::Ruler;
pub(crate) use sentences::{interval, judge_says, sentences};
pub(crate) use targets::{PERCENTS, Reached, Targets};
pub(crate) use tuned::{ExpectedChoice, expected_choices};
pub(crate) use variation::{Variation, variations};
pub(crate) use verdict::{Place, Verdict};
