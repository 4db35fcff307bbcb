//! The ranking, every pair of it, and the same by other rulers.

use statistics::Pair;

use super::{csv, number, strings};
use crate::analysis::{Place, Ruler, Verdict};
use crate::study::Study;

/// The optimizers, best mean first; an interval is empty where prompts are too few for any.
pub(super) fn entries(study: &Study, verdict: &Verdict) -> Result<Vec<u8>, csv::Error> {
    let header = [
        "place",
        "optimizer",
        "mean",
        "sd",
        "prompts",
        "may_be_best",
        "p_best",
        "behind",
        "behind_low",
        "behind_high",
        "win_rate",
        "diverged",
        "runs",
        "judge_mean",
        "judge_place",
        "model_set",
    ];
    let prompts = verdict.scores.blocks.len();
    let line = |(place, entry): (usize, &Place)| {
        let (low, high) = entry.behind.map(|pair| pair.interval).unzip();
        let (judge_mean, judge_place) = entry.judge.unzip();
        vec![
            (place + 1).to_string(),
            entry.name.clone(),
            number(Some(entry.mean), 4),
            number(entry.sd, 4),
            prompts.to_string(),
            entry.may_be_best.to_string(),
            number(entry.p, 6),
            number(entry.behind.map(|pair| pair.difference), 4),
            number(low, 4),
            number(high, 4),
            number(entry.win_rate, 4),
            entry.diverged.0.to_string(),
            entry.diverged.1.to_string(),
            number(judge_mean, 4),
            judge_place.map(|place| place.to_string()).unwrap_or_default(),
            study.model_set.clone(),
        ]
    };
    csv(&strings(&header), verdict.places.iter().enumerate().map(line))
}

/// Every two optimizers on the same prompts, in the order of the ranking.
pub(super) fn pairs(study: &Study, verdict: &Verdict) -> Result<Vec<u8>, csv::Error> {
    let header = [
        "a",
        "b",
        "difference",
        "low",
        "high",
        "p_adjusted",
        "wins",
        "ties",
        "losses",
        "better",
        "prompts",
        "model_set",
    ];
    let places = verdict.places.len();
    let all = (0..places).flat_map(|first| (first + 1..places).map(move |second| (first, second)));
    let line = |(first, second): (usize, usize)| -> Option<Vec<String>> {
        let pair: Pair = verdict.pair(first, second)?;
        let (a, b) = (&verdict.places[first], &verdict.places[second]);
        let better = pair.better().map(|column| if column == a.column { &a.name } else { &b.name });
        Some(vec![
            a.name.clone(),
            b.name.clone(),
            number(Some(pair.difference), 4),
            number(Some(pair.interval.0), 4),
            number(Some(pair.interval.1), 4),
            number(Some(pair.p), 6),
            pair.wins.wins.to_string(),
            pair.wins.ties.to_string(),
            pair.wins.losses.to_string(),
            better.cloned().unwrap_or_default(),
            verdict.scores.blocks.len().to_string(),
            study.model_set.clone(),
        ])
    };
    csv(&strings(&header), all.filter_map(line))
}

/// The order by every ruler, with Kendall's τ-b to the main one: the averaged images' similarity.
pub(super) fn robustness(study: &Study, verdict: &Verdict) -> Result<Vec<u8>, csv::Error> {
    let header = ["ruler", "steps_percent", "place", "optimizer", "may_be_best", "tau", "model_set"];
    let mut rows = Vec::new();
    let mut add = |ruler: Ruler, order: Vec<(String, bool)>, tau: Option<f64>| {
        for (place, (name, kept)) in (1..).zip(order) {
            let place: usize = place;
            rows.push(vec![
                ruler.measure.name().to_owned(),
                ruler.budget.percent().to_string(),
                place.to_string(),
                name,
                kept.to_string(),
                number(tau, 4),
                study.model_set.clone(),
            ]);
        }
    };
    let main = verdict.places.iter().map(|place| (place.name.clone(), place.may_be_best)).collect();
    add(Ruler::MAIN, main, Some(1.0));
    for other in &verdict.others {
        let order = other.order.iter().map(|name| (name.clone(), other.may_be_best.contains(name))).collect();
        add(other.ruler, order, other.tau);
    }
    csv(&strings(&header), rows)
}
