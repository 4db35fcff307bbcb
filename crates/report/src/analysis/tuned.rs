use records::{TunedOptimizer, TunedRecord};
use statistics::choice_over_halves;

/// The expected score of the best of a number of trials.
#[derive(Debug)]
pub(crate) struct ExpectedChoice {
    pub(crate) optimizer: String,
    pub(crate) trials: usize,
    /// Cosine on the half of the tuning prompts that was not chosen on.
    pub(crate) score: f64,
}

/// The expected score of the best of b trials, for every b that there is.
pub(crate) fn expected_choices(tuned: &TunedRecord) -> Vec<ExpectedChoice> {
    let of = |optimizer: &TunedOptimizer| {
        let scores: Vec<Vec<f64>> = optimizer.trials.iter().map(|trial| trial.prompts.clone()).collect();
        let expected = |trials: usize| {
            let score = choice_over_halves(&scores, trials)?;
            Some(ExpectedChoice { optimizer: optimizer.optimizer.clone(), trials, score })
        };
        (1..=scores.len()).filter_map(expected).collect::<Vec<_>>()
    };
    tuned.optimizers.iter().flat_map(of).collect()
}
