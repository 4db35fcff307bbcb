use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::ruler::Ruler;
use crate::study::{Cell, Study};

/// An optimizer is ranked from this share of its planned runs on, of the share of the one that is
/// farthest.
const RANKED_FROM: f64 = 0.9;

/// Scores of the optimizers on the runs that all ranked ones ended, prompt by prompt.
#[derive(Debug)]
pub(crate) struct Scores {
    /// The ranked optimizers, as indices of the study's.
    pub(crate) optimizers: Vec<usize>,
    /// The prompts with a run that all of them ended.
    pub(crate) blocks: Vec<Block>,
    /// Optimizers that have ended too few of their runs.
    pub(crate) unranked: Vec<Unranked>,
    /// Prompts without a run that all ranked optimizers ended, as indices of the study's.
    pub(crate) left_out: Vec<usize>,
    /// For each ranked optimizer, its diverged runs among those that count, and their number.
    pub(crate) diverged: Vec<(usize, usize)>,
    /// Runs that the plan has for the ranked optimizers and that count, and all of them.
    pub(crate) counted: (usize, usize),
}

/// A prompt: the unit of every comparison.
#[derive(Debug)]
pub(crate) struct Block {
    pub(crate) runs: Vec<Run>,
}

/// The conditions that all optimizers share: a row of the grid and a seed.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) row: usize,
    pub(crate) seed: u64,
    /// A score for each ranked optimizer. A diverged one has the least of the run's finished scores
    /// and of the image that the run began with.
    pub(crate) scores: Vec<f64>,
}

/// An optimizer that is not ranked.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Unranked {
    pub(crate) optimizer: usize,
    /// Runs that it ended.
    pub(crate) ended: usize,
    /// Runs of the plan.
    pub(crate) planned: usize,
}

impl Scores {
    /// The scores of `study` by `ruler`.
    pub(crate) fn of(study: &Study, ruler: Ruler) -> Self {
        let (optimizers, unranked) = ranked(study, ruler);
        let runs = complete_runs(study, ruler, &optimizers);
        let counted = runs.len();
        let mut by_prompt: BTreeMap<usize, Vec<(Run, Vec<bool>)>> = BTreeMap::new();
        for (run, diverged) in runs {
            by_prompt.entry(study.rows[run.row].prompt).or_default().push((run, diverged));
        }
        let mut diverged = vec![(0, counted); optimizers.len()];
        for (_, flags) in by_prompt.values().flatten() {
            diverged.iter_mut().zip(flags).for_each(|(count, flag)| count.0 += usize::from(*flag));
        }
        let planned = |prompt: usize| {
            let runs = |&optimizer: &usize| {
                study.planned_runs.runs(&study.prompts[prompt].text, &study.optimizers[optimizer])
            };
            optimizers.iter().map(runs).max().unwrap_or(0)
        };
        let prompts = 0..study.prompts.len();
        Self {
            counted: (counted, prompts.clone().map(planned).sum()),
            left_out: prompts
                .filter(|prompt| !by_prompt.contains_key(prompt) && 0 < planned(*prompt))
                .collect(),
            blocks: by_prompt
                .into_values()
                .map(|runs| Block { runs: runs.into_iter().map(|(run, _)| run).collect() })
                .collect(),
            optimizers,
            unranked,
            diverged,
        }
    }

    /// Mean scores over a prompt's runs: prompt × ranked optimizer.
    pub(crate) fn table(&self) -> Vec<Vec<f64>> {
        let mean = |block: &Block, optimizer: usize| {
            block.runs.iter().map(|run| run.scores[optimizer]).sum::<f64>() / block.runs.len() as f64
        };
        let optimizers = 0..self.optimizers.len();
        self.blocks
            .iter()
            .map(|block| optimizers.clone().map(|column| mean(block, column)).collect())
            .collect()
    }

    /// Differences of two ranked optimizers as prompt × seed, if all prompts were run under the
    /// same seeds, several of them.
    pub(crate) fn crossed_differences(&self, a: usize, b: usize) -> Option<Vec<Vec<f64>>> {
        let seeds = self.shared_seeds()?;
        let of_seed = |block: &Block, seed: u64| {
            let runs = block.runs.iter().filter(|run| run.seed == seed);
            let differences: Vec<f64> = runs.map(|run| run.scores[a] - run.scores[b]).collect();
            (!differences.is_empty()).then(|| differences.iter().sum::<f64>() / differences.len() as f64)
        };
        (1 < seeds.len()).then_some(())?;
        self.blocks.iter().map(|block| seeds.iter().map(|&seed| of_seed(block, seed)).collect()).collect()
    }

    /// The seeds, if all of several prompts have the same ones.
    pub(crate) fn shared_seeds(&self) -> Option<BTreeSet<u64>> {
        let seeds = |block: &Block| block.runs.iter().map(|run| run.seed).collect::<BTreeSet<_>>();
        let first = seeds(self.blocks.first()?);
        (1 < self.blocks.len() && self.blocks.iter().all(|block| seeds(block) == first)).then_some(first)
    }

    /// The least and the largest number of seeds of a prompt. Further axes are no seeds.
    pub(crate) fn seeds_per_prompt(&self) -> (usize, usize) {
        let count = |block: &Block| block.runs.iter().map(|run| run.seed).collect::<BTreeSet<_>>().len();
        let counts = || self.blocks.iter().map(count);
        (counts().min().unwrap_or(0), counts().max().unwrap_or(0))
    }
}

/// The score of a cell that ended: `Some(None)` for one that diverged.
fn ended(cell: &Cell, ruler: Ruler) -> Option<Option<f64>> {
    if cell.diverged() { Some(None) } else { ruler.score(cell).map(Some) }
}

fn ranked(study: &Study, ruler: Ruler) -> (Vec<usize>, Vec<Unranked>) {
    let mut counts = vec![0; study.optimizers.len()];
    for cell in &study.cells {
        counts[cell.optimizer] += usize::from(ended(cell, ruler).is_some());
    }
    let all: Vec<Unranked> = counts
        .into_iter()
        .enumerate()
        .map(|(optimizer, ended)| Unranked {
            optimizer,
            ended,
            planned: study.planned_runs.runs_of(&study.optimizers[optimizer]).max(ended),
        })
        .collect();
    let share = |one: &Unranked| one.ended as f64 / one.planned.max(1) as f64;
    let farthest = all.iter().map(share).fold(0.0, f64::max);
    let (ranked, unranked): (Vec<_>, Vec<_>) =
        all.into_iter().partition(|one| 0 < one.ended && RANKED_FROM * farthest <= share(one));
    (ranked.into_iter().map(|one| one.optimizer).collect(), unranked)
}

/// The runs that all of `optimizers` ended, with what of them diverged. These have the least of the
/// run's finished scores and of the image that it began with; without either, the run does not
/// count.
fn complete_runs(study: &Study, ruler: Ruler, optimizers: &[usize]) -> Vec<(Run, Vec<bool>)> {
    let mut cells: HashMap<(usize, u64, usize), Option<f64>> = HashMap::new();
    let mut begun: HashMap<(usize, u64), f64> = HashMap::new();
    for cell in &study.cells {
        if let Some(score) = ended(cell, ruler) {
            cells.insert((cell.row, cell.record.seed, cell.optimizer), score);
        }
        if let Some(initial) = ruler.initial(cell) {
            begun.insert((cell.row, cell.record.seed), initial);
        }
    }
    let complete = |(row, seed): (usize, u64)| {
        let scores: Option<Vec<Option<f64>>> =
            optimizers.iter().map(|&optimizer| cells.get(&(row, seed, optimizer)).copied()).collect();
        let scores = scores?;
        let finished = scores.iter().flatten().copied();
        let least = finished.chain(begun.get(&(row, seed)).copied()).reduce(f64::min)?;
        let diverged = scores.iter().map(Option::is_none).collect();
        let scores = scores.into_iter().map(|score| score.unwrap_or(least)).collect();
        Some((Run { row, seed, scores }, diverged))
    };
    study.runs().into_iter().filter_map(complete).collect()
}
