//! Paired comparisons of methods over blocks: which may be the best, and how sure is that?
//!
//! Scores are finite and higher is better. `blocks[p][m]` is the score of method `m` on block `p`;
//! every block has a score of every method. Blocks (prompts, here) are the units: whatever is
//! repeated within a block is averaged before.
//!
//! - [`Comparison`]: every pair of methods with its difference, simultaneous 95 % interval and
//!   adjusted p value (max-T over sign flips), and the set of methods that may be the best.
//! - [`friedman_permutation`]: the hypothesis that all methods are alike.
//! - [`Components`]: the parts of blocks, seeds and their interaction in a difference.
//! - [`blocks_needed`], [`detectable_difference`]: the power of a design.
//! - [`expected_choice`]: the score of tuning with fewer trials.
//! - [`win_rate`], [`restricted_mean`]: effect sizes.

mod choice;
mod comparison;
mod components;
mod flips;
mod friedman;
mod moments;
mod power;
mod survival;
mod wins;

pub use choice::{choice_over_halves, expected_choice};
pub use comparison::{Comparison, Pair};
pub use components::Components;
pub use friedman::friedman_permutation;
pub use power::{blocks_needed, detectable_difference};
pub use survival::{restricted_mean, share_reached};
pub use wins::{WinsTiesLosses, win_rate, wins_ties_losses};
