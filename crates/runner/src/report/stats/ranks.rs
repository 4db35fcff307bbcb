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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::stats::DIVERGED;

    #[test]
    fn ties_share_the_mean_of_their_ranks() {
        assert_eq!(ranks(&[3.0, 5.0, 3.0, 1.0]), [2.5, 1.0, 2.5, 4.0]);
    }

    #[test]
    fn diverged_runs_share_the_last_ranks() {
        assert_eq!(ranks(&[DIVERGED, -7.0, DIVERGED]), [2.5, 1.0, 2.5]);
    }
}
