//! Components of variance of blocks crossed with seeds.

use crate::moments::mean;

/// Mean squares and components of variance of a table of blocks × seeds with one value each, both
/// taken for random.
///
/// Source: the two-way layout without replication (Searle, Casella & McCulloch 1992, section 4.2).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Components {
    /// Mean square between blocks.
    pub ms_blocks: f64,
    /// Mean square between seeds.
    pub ms_seeds: f64,
    /// Mean square of the rest.
    pub ms_rest: f64,
    /// Variance of blocks: (`ms_blocks` − `ms_rest`) / seeds, at least 0.
    pub blocks: f64,
    /// Variance of seeds: (`ms_seeds` − `ms_rest`) / blocks, at least 0.
    pub seeds: f64,
    /// Variance of the rest: a block's own answer to a seed.
    pub rest: f64,
}

impl Components {
    /// The components of `table` (block × seed, of a difference or a score); `None` below two
    /// blocks or two seeds.
    pub fn of(table: &[Vec<f64>]) -> Option<Self> {
        let (n, s) = (table.len(), table.first()?.len());
        if n < 2 || s < 2 {
            return None;
        }
        let rows: Option<Vec<f64>> = table.iter().map(|row| mean(row)).collect();
        let rows = rows?;
        let column = |seed: usize| mean(&table.iter().map(|row| row[seed]).collect::<Vec<_>>());
        let columns: Option<Vec<f64>> = (0..s).map(column).collect();
        let columns = columns?;
        let grand = mean(&rows)?;
        let squares = |means: &[f64]| means.iter().map(|mean| (mean - grand).powi(2)).sum::<f64>();
        let rest: f64 = (0..n)
            .flat_map(|block| (0..s).map(move |seed| (block, seed)))
            .map(|(block, seed)| (table[block][seed] - rows[block] - columns[seed] + grand).powi(2))
            .sum();
        let (blocks_less_1, seeds_less_1) = ((n - 1) as f64, (s - 1) as f64);
        let ms_blocks = s as f64 * squares(&rows) / blocks_less_1;
        let ms_seeds = n as f64 * squares(&columns) / seeds_less_1;
        let ms_rest = rest / (blocks_less_1 * seeds_less_1);
        Some(Self {
            ms_blocks,
            ms_seeds,
            ms_rest,
            blocks: ((ms_blocks - ms_rest) / s as f64).max(0.0),
            seeds: ((ms_seeds - ms_rest) / n as f64).max(0.0),
            rest: ms_rest,
        })
    }
}
