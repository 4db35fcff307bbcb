//! How sure the ranking of the methods is. Prompts are the blocks, seeds are averaged within them first.
//!
//! Scores are similarities: higher is better, and a diverged run scores [`DIVERGED`], below everything.

mod bootstrap;
mod friedman;
mod kendall;
mod nemenyi;
mod ranks;

pub(crate) use bootstrap::{Bootstrap, bootstrap};
pub(crate) use friedman::{Friedman, friedman};
pub(crate) use kendall::{Kendall, kendall};
pub(crate) use nemenyi::{Power, critical_difference};
pub(crate) use ranks::{mean_ranks, ranks, spearman};

/// The score of a run that diverged.
pub(crate) const DIVERGED: f64 = f64::NEG_INFINITY;

/// The mean of `values`, [`DIVERGED`] if any of them is; `None` when there are none.
pub(crate) fn mean(values: &[f64]) -> Option<f64> {
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
}

/// The standard deviation of a sample (divided by n - 1); `None` below two values.
pub(crate) fn sample_sd(values: &[f64]) -> Option<f64> {
    let mean = mean(values).filter(|_| values.len() > 1)?;
    let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
    Some((squares / (values.len() - 1) as f64).sqrt())
}
