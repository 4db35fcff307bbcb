//! Ranks within a block.

/// The rank of every score among `scores`: 1 is the highest, ties share the mean of their ranks.
pub(crate) fn ranks(scores: &[f64]) -> Vec<f64> {
    scores
        .iter()
        .map(|score| {
            let better = scores.iter().filter(|other| *other > score).count();
            let equal = scores.iter().filter(|other| *other == score).count();
            better as f64 + (equal as f64 + 1.0) / 2.0
        })
        .collect()
}

/// The mean rank of every method over `blocks` (block × method).
pub(crate) fn mean_ranks(blocks: &[Vec<f64>]) -> Vec<f64> {
    let methods = blocks.first().map_or(0, Vec::len);
    let mut sums = vec![0.0; methods];
    for block in blocks {
        for (sum, rank) in sums.iter_mut().zip(ranks(block)) {
            *sum += rank;
        }
    }
    sums.into_iter().map(|sum| sum / blocks.len() as f64).collect()
}

/// Spearman's rank correlation, in `[-1, 1]`; `None` below three pairs, and where all of either side tie.
pub(crate) fn spearman(a: &[f64], b: &[f64]) -> Option<f64> {
    let (a, b) = (ranks(a), ranks(b));
    let middle = (a.len() as f64 + 1.0) / 2.0;
    let product =
        |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| (a - middle) * (b - middle)).sum::<f64>();
    let spread = (product(&a, &a) * product(&b, &b)).sqrt();
    (2 < a.len() && 0.0 < spread).then(|| product(&a, &b) / spread)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::DIVERGED;

    #[test]
    fn ties_share_the_mean_of_their_ranks() {
        assert_eq!(ranks(&[3.0, 5.0, 3.0, 1.0]), [2.5, 1.0, 2.5, 4.0]);
    }

    /// Expected value: `golden.py`, `scipy.stats.spearmanr`, with ties.
    #[test]
    fn the_correlation_equals_scipys() {
        let golden: serde_json::Value = serde_json::from_str(include_str!("golden.json")).unwrap();
        let (a, b, want): (Vec<f64>, Vec<f64>, f64) =
            serde_json::from_value(golden["spearman"].clone()).unwrap();
        let got = spearman(&a, &b).unwrap();
        assert!((got - want).abs() < 1e-12, "{got} {want}");
        assert_eq!(spearman(&[1.0, 2.0], &[1.0, 2.0]), None);
        assert_eq!(spearman(&[1.0, 1.0, 1.0], &[1.0, 2.0, 3.0]), None);
    }

    #[test]
    fn diverged_runs_share_the_last_ranks() {
        assert_eq!(ranks(&[DIVERGED, -7.0, DIVERGED]), [2.5, 1.0, 2.5]);
    }
}
