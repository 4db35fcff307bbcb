//! Which optimizer is best, and how sure we are.

use super::stats::{
    Bootstrap, DIVERGED, Friedman, Power, bootstrap, critical_difference, friedman, mean, mean_ranks,
};
use super::study::Study;

/// The optimizers in the order of their means over the prompts that all of them completed.
#[derive(Debug)]
pub(super) struct Ranking {
    /// Best first.
    pub(super) entries: Vec<Entry>,
    /// Prompts that the ranking rests on: those for which every ranked optimizer finished or diverged.
    pub(super) prompts: usize,
    /// Runs (seeds and further axes) of a prompt, at most.
    pub(super) runs: usize,
    /// Prompts that it leaves out.
    pub(super) left_out: Vec<String>,
    /// Optimizers that it leaves out: none of their cells ended.
    pub(super) unranked: Vec<String>,
    pub(super) friedman: Option<Friedman>,
    /// Mean ranks farther apart than this differ at the 5 % level.
    pub(super) critical_difference: Option<f64>,
    pub(super) power: Option<Power>,
    pub(super) pairs: Vec<Pair>,
}

/// An optimizer's place.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Entry {
    pub(super) optimizer: String,
    /// Mean similarity × 100; `None` if a run diverged.
    pub(super) mean: Option<f64>,
    pub(super) mean_rank: f64,
    pub(super) bootstrap: Bootstrap,
}

/// Two optimizers over the same prompts; the first is the one with the better mean.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Pair {
    pub(super) names: (String, String),
    /// Mean over prompts of the first's similarity less the second's; `None` if either diverged.
    pub(super) mean_difference: Option<f64>,
    /// Prompts on which the first scores higher, the same, lower.
    pub(super) wins_ties_losses: (usize, usize, usize),
    /// How much better the first's mean rank is.
    pub(super) rank_difference: f64,
    /// Whether that is more than the critical difference.
    pub(super) distinct: bool,
}

impl Ranking {
    /// Ranks the optimizers of `study`. A run that diverged ranks below all that did not.
    pub(super) fn of(study: &Study) -> Self {
        let ended = |optimizer: &usize| {
            study.cells.iter().any(|cell| cell.optimizer == *optimizer && score(cell).is_some())
        };
        let (ranked, unranked): (Vec<usize>, Vec<usize>) = (0..study.optimizers.len()).partition(ended);
        let runs: Vec<_> =
            (0..study.prompts.len()).map(|prompt| complete_runs(study, prompt, &ranked)).collect();
        let without = (0..runs.len()).filter(|prompt| runs[*prompt].is_empty());
        let left_out = without.map(|prompt| study.prompts[prompt].text.clone()).collect();
        let runs: Vec<_> = runs.into_iter().filter(|runs| !runs.is_empty()).collect();
        let blocks: Vec<Vec<f64>> = runs.iter().map(|runs| mean_run(runs)).collect();

        let critical_difference = critical_difference(ranked.len(), blocks.len());
        let entries = entries(study, &ranked, &runs, &blocks);
        let pairs = pairs(&entries, &blocks, critical_difference);
        Self {
            prompts: blocks.len(),
            runs: runs.iter().map(Vec::len).max().unwrap_or(0),
            left_out,
            unranked: unranked.into_iter().map(|optimizer| study.optimizers[optimizer].clone()).collect(),
            friedman: friedman(&blocks),
            critical_difference,
            power: Power::of(ranked.len(), blocks.len()),
            pairs,
            entries: entries.into_iter().map(|(_, entry)| entry).collect(),
        }
    }
}

fn score(cell: &super::study::Cell) -> Option<f64> {
    if cell.diverged() { Some(DIVERGED) } else { cell.similarity() }
}

/// The scores of `prompt` as run × optimizer, of the runs (seed, axes) that all optimizers ended.
fn complete_runs(study: &Study, prompt: usize, optimizers: &[usize]) -> Vec<Vec<f64>> {
    let of_prompt = |row: &usize| study.rows[*row].prompt == prompt;
    let cells = |row: usize| study.cells.iter().filter(move |cell| cell.row == row);
    let mut runs = Vec::new();
    for row in (0..study.rows.len()).filter(of_prompt) {
        let mut seeds: Vec<u64> = cells(row).map(|cell| cell.record.seed).collect();
        seeds.sort_unstable();
        seeds.dedup();
        for seed in seeds {
            let at = |optimizer: &usize| {
                cells(row).find(|cell| cell.optimizer == *optimizer && cell.record.seed == seed)
            };
            let run: Option<Vec<f64>> =
                optimizers.iter().map(|optimizer| at(optimizer).and_then(score)).collect();
            runs.extend(run.filter(|run| !run.is_empty()));
        }
    }
    runs
}

fn mean_run(runs: &[Vec<f64>]) -> Vec<f64> {
    let optimizers = runs.first().map_or(0, Vec::len);
    let scores = |optimizer: usize| runs.iter().map(|run| run[optimizer]).collect::<Vec<f64>>();
    (0..optimizers).map(|optimizer| mean(&scores(optimizer)).unwrap_or(DIVERGED)).collect()
}

/// The entries, best first, each with its column in `blocks`.
fn entries(
    study: &Study,
    ranked: &[usize],
    runs: &[Vec<Vec<f64>>],
    blocks: &[Vec<f64>],
) -> Vec<(usize, Entry)> {
    if blocks.is_empty() {
        return Vec::new();
    }
    let ranks = mean_ranks(blocks);
    let bootstrap = bootstrap(runs);
    let column_mean = |column: usize| mean(&blocks.iter().map(|block| block[column]).collect::<Vec<_>>());
    let entry = |(column, optimizer): (usize, &usize)| {
        let entry = Entry {
            optimizer: study.optimizers[*optimizer].clone(),
            mean: column_mean(column).filter(|mean| mean.is_finite()),
            mean_rank: ranks[column],
            bootstrap: bootstrap[column],
        };
        (column, entry)
    };
    let mut entries: Vec<_> = ranked.iter().enumerate().map(entry).collect();
    let order = |entry: &Entry| entry.mean.unwrap_or(DIVERGED);
    entries.sort_by(|(_, a), (_, b)| order(b).total_cmp(&order(a)).then(a.mean_rank.total_cmp(&b.mean_rank)));
    entries
}

fn pairs(entries: &[(usize, Entry)], blocks: &[Vec<f64>], critical_difference: Option<f64>) -> Vec<Pair> {
    let mut pairs = Vec::new();
    for (place, (a, first)) in entries.iter().enumerate() {
        for (b, second) in &entries[place + 1..] {
            let count = |what: std::cmp::Ordering| {
                blocks.iter().filter(|block| block[*a].total_cmp(&block[*b]) == what).count()
            };
            let rank_difference = second.mean_rank - first.mean_rank;
            pairs.push(Pair {
                names: (first.optimizer.clone(), second.optimizer.clone()),
                mean_difference: first.mean.zip(second.mean).map(|(first, second)| first - second),
                wins_ties_losses: (
                    count(std::cmp::Ordering::Greater),
                    count(std::cmp::Ordering::Equal),
                    count(std::cmp::Ordering::Less),
                ),
                rank_difference,
                distinct: critical_difference.is_some_and(|critical| critical < rank_difference.abs()),
            });
        }
    }
    pairs
}
