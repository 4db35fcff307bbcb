//! The ranking, and every pair of it.

use super::{csv, number, strings};
use crate::ranking::{Entry, Pair, Ranking};
use crate::study::Study;

/// The optimizers, best first; `lead` is the middle 95 % of the bootstrap's lead over the best other one.
pub(super) fn entries(study: &Study, ranking: &Ranking) -> Result<Vec<u8>, csv::Error> {
    let header = [
        "place",
        "optimizer",
        "mean",
        "behind",
        "mean_rank",
        "first_share",
        "lead_low",
        "lead_high",
        "prompts",
        "runs_per_prompt",
        "model_set",
    ];
    let best = ranking.entries.first().and_then(|entry| entry.mean);
    let line = |(place, entry): (usize, &Entry)| {
        vec![
            (place + 1).to_string(),
            entry.optimizer.clone(),
            number(entry.mean, 4),
            number(best.zip(entry.mean).map(|(best, mean)| best - mean), 4),
            number(Some(entry.mean_rank), 3),
            number(Some(entry.bootstrap.first), 4),
            number(Some(entry.bootstrap.lead.0), 4),
            number(Some(entry.bootstrap.lead.1), 4),
            ranking.prompts.to_string(),
            ranking.runs.to_string(),
            study.model_set.clone(),
        ]
    };
    csv(&strings(&header), ranking.entries.iter().enumerate().map(line))
}

/// Every two optimizers on the same prompts.
pub(super) fn pairs(study: &Study, ranking: &Ranking) -> Result<Vec<u8>, csv::Error> {
    let header = [
        "better",
        "worse",
        "mean_difference",
        "wins",
        "ties",
        "losses",
        "rank_difference",
        "critical_difference",
        "distinct",
        "prompts",
        "model_set",
    ];
    let line = |pair: &Pair| {
        let (wins, ties, losses) = pair.wins_ties_losses;
        vec![
            pair.names.0.clone(),
            pair.names.1.clone(),
            number(pair.mean_difference, 4),
            wins.to_string(),
            ties.to_string(),
            losses.to_string(),
            number(Some(pair.rank_difference), 3),
            number(ranking.critical_difference, 3),
            pair.distinct.to_string(),
            ranking.prompts.to_string(),
            study.model_set.clone(),
        ]
    };
    csv(&strings(&header), ranking.pairs.iter().map(line))
}
