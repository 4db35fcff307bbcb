use std::collections::{BTreeMap, HashMap};

use records::CellRecord;
use statistics::pooled_sd;

use crate::grid::planned::axes as spelled;
use crate::grid::repeats::Repeat;
use crate::study::Study;

/// How much of an optimizer's scores is rounding.
#[derive(Debug)]
pub(crate) struct Rounding {
    pub(crate) optimizer: String,
    /// Cells that were repeated.
    pub(crate) cells: usize,
    /// Their repetitions.
    pub(crate) repetitions: usize,
    /// Standard deviation of a score, whatever its cell, over initial latents that are rounded
    /// otherwise.
    pub(crate) sd: f64,
    /// Standard deviation of a score over the seeds of a prompt, where there are several.
    pub(crate) seeds_sd: Option<f64>,
}

/// The share of rounding in the scores of every optimizer whose cells were repeated.
pub(crate) fn roundings(study: &Study) -> Vec<Rounding> {
    let groups = groups(study);
    let of = |(optimizer, name): (usize, &String)| {
        let groups = groups.get(name)?;
        let repetitions = groups.iter().map(|group| group.len() - 1).sum();
        Some(Rounding {
            optimizer: name.clone(),
            cells: groups.len(),
            repetitions,
            sd: pooled_sd(groups)?,
            seeds_sd: pooled_sd(&seeds(study, optimizer)),
        })
    };
    study.optimizers.iter().enumerate().filter_map(of).collect()
}

/// The standard deviation by rounding over all optimizers' repeated cells.
pub(crate) fn rounding_of_all(study: &Study) -> Option<f64> {
    pooled_sd(&groups(study).into_values().flatten().collect::<Vec<_>>())
}

/// For every optimizer the scores of each repeated cell: its own and those of its repetitions.
fn groups(study: &Study) -> BTreeMap<String, Vec<Vec<f64>>> {
    let mut repeated: HashMap<Key<'_>, Vec<f64>> = HashMap::new();
    for Repeat { place, score } in &study.repeats {
        repeated
            .entry(key(&place.prompt, &place.optimizer, place.seed, &place.axes))
            .or_default()
            .push(*score);
    }
    let mut groups: BTreeMap<String, Vec<Vec<f64>>> = BTreeMap::new();
    for cell in &study.cells {
        let CellRecord { prompt, optimizer, seed, axes, .. } = &cell.record;
        let others = repeated.get(&key(prompt, optimizer, *seed, axes));
        if let (Some(own), Some(others)) = (cell.similarity(), others) {
            let scores = [own].into_iter().chain(others.iter().copied()).collect();
            groups.entry(optimizer.clone()).or_default().push(scores);
        }
    }
    groups
}

/// A cell's place in the grid.
type Key<'k> = (&'k str, &'k str, u64, String);

fn key<'k>(prompt: &'k str, optimizer: &'k str, seed: u64, axes: &BTreeMap<String, toml::Value>) -> Key<'k> {
    (prompt, optimizer, seed, spelled(axes))
}

/// The scores of an optimizer over the seeds of each row.
fn seeds(study: &Study, optimizer: usize) -> Vec<Vec<f64>> {
    let of_row = |row| study.at(row, optimizer).filter_map(|cell| cell.similarity()).collect();
    (0..study.rows.len()).map(of_row).collect()
}
