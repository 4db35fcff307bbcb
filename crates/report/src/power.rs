//! The power of a design, from the spread that another study had.

use std::path::Path;

use records::{RecordError, ResultsFolder, TunedRecord};
use statistics::{detectable_difference, sample_sd};

use crate::analysis::Verdict;
use crate::study::Study;

/// The spread of the differences of two optimizers over prompts: a standard deviation, × 100, for
/// every pair of another study.
#[derive(Clone, Debug, PartialEq)]
pub struct PairSpreads {
    sds: Vec<f64>,
}

/// The smallest differences of mean similarity × 100 that a design tells apart with a probability
/// of 80 %.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Detectable {
    /// Of a pair that varies as the median pair does.
    pub median: f64,
    /// Of a pair that varies as the one that varies most.
    pub largest: f64,
}

impl PairSpreads {
    /// The spreads of the ranked optimizers in a results folder.
    ///
    /// # Errors
    /// When the folder is unreadable.
    pub fn of_results(results: &Path) -> Result<Self, RecordError> {
        let verdict = Verdict::of(&Study::read(results)?);
        Ok(Self::of_columns(&verdict.scores.table(), verdict.scores.optimizers.len()))
    }

    /// The spreads of the chosen trials of a results folder, if its settings have been tuned.
    ///
    /// # Errors
    /// When the record is unreadable.
    pub fn of_tuning(results: &Path) -> Result<Option<Self>, RecordError> {
        Ok(ResultsFolder::at(results).tuned()?.map(|tuned| Self::of_tuned(&tuned)))
    }

    fn of_tuned(tuned: &TunedRecord) -> Self {
        let chosen = tuned.optimizers.iter().filter_map(|optimizer| {
            let trial = optimizer.trials.iter().find(|trial| trial.values == optimizer.chosen)?;
            Some(&trial.prompts)
        });
        let columns: Vec<&Vec<f64>> = chosen.collect();
        let prompts = columns.iter().map(|column| column.len()).min().unwrap_or(0);
        let table: Vec<Vec<f64>> = (0..prompts)
            .map(|prompt| columns.iter().map(|column| 100.0 * column[prompt]).collect())
            .collect();
        Self::of_columns(&table, columns.len())
    }

    fn of_columns(table: &[Vec<f64>], methods: usize) -> Self {
        let pairs = (0..methods).flat_map(|a| (a + 1..methods).map(move |b| (a, b)));
        let sd = |(a, b): (usize, usize)| {
            sample_sd(&table.iter().map(|block| block[a] - block[b]).collect::<Vec<_>>())
        };
        let mut sds: Vec<f64> = pairs.filter_map(sd).collect();
        sds.sort_by(f64::total_cmp);
        Self { sds }
    }

    /// The differences that so many optimizers on so many prompts can tell apart; `None` for too
    /// few prompts for anything, or nothing is known.
    pub fn detectable(&self, optimizers: usize, prompts: usize) -> Option<Detectable> {
        let of = |sd: f64| detectable_difference(optimizers, sd, prompts);
        Some(Detectable { median: of(*self.sds.get(self.sds.len() / 2)?)?, largest: of(*self.sds.last()?)? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// STATISTICS: with six optimizers and 48 prompts 0.17, 0.49 and 1.02 points for sd 0.3, 0.85
    /// and 1.78.
    #[test]
    fn tells_what_a_design_can_show() {
        let spreads = PairSpreads { sds: vec![0.3, 0.85, 1.78] };
        let Detectable { median, largest } = spreads.detectable(6, 48).unwrap();
        assert!((median - 0.49).abs() < 0.005, "{median}");
        assert!((largest - 1.02).abs() < 0.005, "{largest}");
        assert_eq!(spreads.detectable(6, 3), None, "too few prompts");
        assert_eq!(PairSpreads { sds: Vec::new() }.detectable(6, 48), None);
    }

    #[test]
    fn every_pair_has_its_spread() {
        let spreads = PairSpreads::of_columns(&[vec![1.0, 1.0, 5.0], vec![2.0, 1.0, 3.0]], 3);
        let rounded: Vec<f64> = spreads.sds.iter().map(|sd| (1000.0 * sd).round() / 1000.0).collect();
        assert_eq!(rounded, [0.707, 1.414, 2.121]);
    }
}
