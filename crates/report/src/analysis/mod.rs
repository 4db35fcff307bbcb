//! Which optimizers may be the best, and how sure is that: from scores to sentences.

pub(crate) mod published;
mod scores;
mod sentences;
mod verdict;
pub(crate) mod verdicts;

pub(crate) use sentences::{interval, sentences};
pub(crate) use verdict::{Place, Verdict};
