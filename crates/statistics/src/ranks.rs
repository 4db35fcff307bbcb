//! Ranks within a block.

/// The rank of every score among `scores`: 1 is the highest, ties share the mean of their ranks.
pub fn ranks(scores: &[f64]) -> Vec<f64> {
    scores
        .iter()
        .map(|score| {
            let better = scores.iter().filter(|other| *other > score).count();
            let equal = scores.iter().filter(|other| *other == score).count();
            better as f64 + (equal as f64 + 1.0) / 2.0
        })
        .collect()
}

/// Spearman's rank correlation, in `[-1, 1]`; `None` below three pairs, and where all of either
/// side tie.
pub fn spearman(a: &[f64], b: &[f64]) -> Option<f64> {
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

    #[test]
    fn ties_share_the_mean_of_their_ranks() {
        assert_eq!(ranks(&[3.0, 5.0, 3.0, 1.0]), [2.5, 1.0, 2.5, 4.0]);
    }

    #[test]
    fn no_correlation_without_an_order() {
        assert_eq!(spearman(&[1.0, 2.0], &[1.0, 2.0]), None);
        assert_eq!(spearman(&[1.0, 1.0, 1.0], &[1.0, 2.0, 3.0]), None);
    }
}
