//! Which optimizers may be the best, and how sure is that: from scores to sentences.

mod planned;
mod ruler;
mod scores;
mod sentences;
mod verdict;

pub(crate) use planned::Planned;
pub(crate) use ruler::Ruler;
pub(crate) use sentences::{interval, sentences};
pub(crate) use verdict::{Place, Verdict};
