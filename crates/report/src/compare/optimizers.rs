//! The optimizers of both, over the cells that both finished.

use serde::Serialize;

use crate::stats::{bootstrap, mean};
use crate::study::{Cell, Study};

/// An optimizer on both sides.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct OptimizerPair {
    /// Its name; `all` for all together.
    pub optimizer: String,
    /// Cells that both finished.
    pub cells: usize,
    /// Mean similarity of the left ones.
    pub left: f64,
    /// Mean similarity of the right ones.
    pub right: f64,
    /// The right mean less the left one.
    pub difference: f64,
    /// The middle 95 % of that over draws of prompts, and of their runs; `None` for fewer cells than `ENOUGH`.
    pub interval: Option<(f64, f64)>,
}

/// With five pairs even five differences of one sign happen by chance once in sixteen times; with six, once in 32: below 5 %.
pub(super) const ENOUGH: usize = 6;

/// A run on both sides, right first: what is drawn together.
type Run = Vec<f64>;

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
    let runs = |prompt: usize| -> Vec<Run> {
        let of_prompt =
            cells.iter().filter(|(left, _)| study.rows[left.row].prompt == prompt && wanted(left));
        of_prompt.filter_map(|(left, right)| Some(vec![right.similarity()?, left.similarity()?])).collect()
    };
    let blocks: Vec<Vec<Run>> = (0..study.prompts.len()).map(runs).filter(|runs| !runs.is_empty()).collect();
    let side = |side: usize| blocks.iter().flatten().map(|run| run[side]).collect::<Vec<f64>>();
    let (right, left) = (mean(&side(0))?, mean(&side(1))?);
    let count = side(0).len();
    let interval = (ENOUGH <= count).then(|| bootstrap(&blocks)[0].lead);
    Some(OptimizerPair { optimizer, cells: count, left, right, difference: right - left, interval })
}
