use statistics::{Components, sample_sd};

use super::Verdict;

/// Sources of variance of the difference of two optimizers.
#[derive(Debug)]
pub(crate) struct Variation {
    pub(crate) a: String,
    pub(crate) b: String,
    /// Standard deviation of the difference over the prompts.
    pub(crate) sd: Option<f64>,
    /// Its variance by prompts, seeds and the rest, where all prompts share their seeds.
    pub(crate) components: Option<Components>,
}

/// The differences of the first from every other ranked optimizer.
pub(crate) fn variations(verdict: &Verdict) -> Vec<Variation> {
    let Some((first, others)) = verdict.places.split_first() else { return Vec::new() };
    let table = verdict.scores.table();
    let variation = |other: &super::Place| {
        let differences: Vec<f64> =
            table.iter().map(|block| block[first.column] - block[other.column]).collect();
        let crossed = verdict.scores.crossed_differences(first.column, other.column);
        Variation {
            a: first.name.clone(),
            b: other.name.clone(),
            sd: sample_sd(&differences),
            components: crossed.and_then(|crossed| Components::of(&crossed)),
        }
    };
    others.iter().map(variation).collect()
}
