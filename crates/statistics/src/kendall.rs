//! Kendall's rank correlation: do two judges put the same things in the same order?

use std::cmp::Ordering;

/// Rank agreement of two lists of scores of the same things.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Kendall {
    /// τ-b, in `[-1, 1]`: 1 for the same order, -1 for the opposite one, 0 for none.
    pub tau: f64,
    /// Pairs of things that both lists put in the same order.
    pub agreeing: usize,
    /// All pairs, those that tie in either list among them.
    pub pairs: usize,
}

/// Kendall's τ-b of `a` and `b`; `None` where all of either side tie, as fewer than two things do.
///
/// Source: Kendall 1945, "The treatment of ties in ranking problems"; `scipy.stats.kendalltau`,
/// variant b.
pub fn kendall(a: &[f64], b: &[f64]) -> Option<Kendall> {
    let (mut agreeing, mut opposed, mut pairs) = (0, 0, 0);
    let (mut apart_in_a, mut apart_in_b) = (0, 0);
    for place in 0..a.len() {
        for other in 0..place {
            let (in_a, in_b) = (a[place].total_cmp(&a[other]), b[place].total_cmp(&b[other]));
            pairs += 1;
            apart_in_a += usize::from(in_a != Ordering::Equal);
            apart_in_b += usize::from(in_b != Ordering::Equal);
            if in_a != Ordering::Equal && in_b != Ordering::Equal {
                if in_a == in_b { agreeing += 1 } else { opposed += 1 }
            }
        }
    }
    let norm = (apart_in_a as f64 * apart_in_b as f64).sqrt();
    let tau = (f64::from(agreeing) - f64::from(opposed)) / norm;
    (0.0 < norm).then_some(Kendall { tau, agreeing: agreeing as usize, pairs })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_pairs() {
        let got = kendall(&[1.0, 2.0, 3.0, 3.0], &[1.0, 3.0, 2.0, 4.0]).unwrap();
        assert_eq!((got.agreeing, got.pairs), (4, 6)); // one opposed, one tied
    }

    #[test]
    fn no_correlation_without_an_order() {
        assert_eq!(kendall(&[1.0, 1.0, 1.0], &[1.0, 2.0, 3.0]), None);
        assert_eq!(kendall(&[1.0], &[1.0]), None);
        assert_eq!(kendall(&[], &[]), None);
    }
}
