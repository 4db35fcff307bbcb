//! Paired comparisons of methods over blocks: which may be the best, and how sure is that?
//!
//! Scores are finite and higher is better. `blocks[p][m]` is the score of method `m` on block `p`;
//! every block has a score of every method. Blocks (prompts, here) are the units: whatever is
//! repeated within a block is averaged before.
//!
//! - [`Comparison`]: every pair of methods with its difference, simultaneous 95 % interval and
//!   adjusted p value (max-T over sign flips), and the set of methods that may be the best.
//! - [`friedman_permutation`]: the hypothesis that all methods are alike.
//! - [`Components`]: the parts of blocks, seeds and their interaction in a difference;
//!   [`crossed_interval`]: an interval for other blocks and other seeds.
//! - [`blocks_needed`], [`detectable_difference`]: the power of a design.
//! - [`expected_choice`]: the score of tuning with fewer trials.
//! - [`win_rate`], [`restricted_mean`]: effect sizes.
//! - [`kendall`], [`spearman`]: agreement of two orders.

mod choice;
mod comparison;
mod components;
mod crossed;
mod flips;
mod friedman;
mod kendall;
mod moments;
mod power;
mod ranks;
mod survival;
mod wins;

pub use choice::{choice_over_halves, expected_choice};
pub use comparison::{Comparison, Pair};
pub use components::Components;
pub use crossed::crossed_interval;
pub use friedman::friedman_permutation;
pub use kendall::{Kendall, kendall};
pub use moments::{mean, pooled_sd, sample_sd};
pub use power::{blocks_needed, detectable_difference};
pub use ranks::{ranks, spearman};
pub use survival::{restricted_mean, share_reached};
pub use wins::{WinsTiesLosses, win_rate, wins_ties_losses};
