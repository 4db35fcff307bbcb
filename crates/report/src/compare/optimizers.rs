//! The optimizers of both, over the cells that both finished.

use serde::Serialize;
use statistics::mean;

use crate::study::{Cell, Study};

/// An optimizer on both sides.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct OptimizerPair {
    /// Its name; `all` for all together.
    pub optimizer: String,
    /// Cells that both finished.
    pub cells: usize,
    /// Prompts of these cells.
    pub prompts: usize,
    /// Mean similarity of the left ones: over the runs of a prompt, then over the prompts.
    pub left: f64,
    /// Mean similarity of the right ones.
    pub right: f64,
    /// The right mean less the left one.
    pub difference: f64,
    /// The 95 % interval of that by sign flips of prompts; `None` for fewer prompts than `ENOUGH`.
    pub interval: Option<(f64, f64)>,
}

/// With five prompts even five differences of one sign happen by chance once in sixteen times; with
/// six, once in 32: below 5 %.
pub(super) const ENOUGH: usize = 6;

/// The optimizers in the order of `study`, then all together.
pub(super) fn pairs(study: &Study, cells: &[(&Cell, &Cell)]) -> Vec<OptimizerPair> {
    let named = |name: &String| pair(name.clone(), study, cells, |cell| cell.record.optimizer == *name);
    let each: Vec<OptimizerPair> = study.optimizers.iter().filter_map(named).collect();
    let all = if each.len() < 2 { None } else { pair("all".to_owned(), study, cells, |_| true) };
    each.into_iter().chain(all).collect()
}

fn pair(
    optimizer: String,
    study: &Study,
    cells: &[(&Cell, &Cell)],
    wanted: impl Fn(&Cell) -> bool,
) -> Option<OptimizerPair> {
    let runs = |prompt: usize| -> Vec<(f64, f64)> {
        let of_prompt =
            cells.iter().filter(|(left, _)| study.rows[left.row].prompt == prompt && wanted(left));
        of_prompt.filter_map(|(left, right)| Some((right.similarity()?, left.similarity()?))).collect()
    };
    let prompts: Vec<Vec<(f64, f64)>> =
        (0..study.prompts.len()).map(runs).filter(|runs| !runs.is_empty()).collect();
    let of_prompt = |runs: &Vec<(f64, f64)>| {
        let (right, left): (Vec<f64>, Vec<f64>) = runs.iter().copied().unzip();
        Some(vec![mean(&right)?, mean(&left)?])
    };
    let blocks: Vec<Vec<f64>> = prompts.iter().filter_map(of_prompt).collect();
    let pair = statistics::Comparison::of(&blocks)?.between(0, 1)?;
    let side = |side: usize| mean(&blocks.iter().map(|block| block[side]).collect::<Vec<_>>());
    Some(OptimizerPair {
        optimizer,
        cells: prompts.iter().map(Vec::len).sum(),
        prompts: blocks.len(),
        left: side(1)?,
        right: side(0)?,
        difference: pair.difference,
        interval: (ENOUGH <= blocks.len()).then_some(pair.interval),
    })
}
