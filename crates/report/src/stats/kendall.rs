//! Kendall's rank correlation: do two judges put the same things in the same order?

use std::cmp::Ordering;

/// How two lists of scores of the same things agree.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Kendall {
    /// τ-b, in `[-1, 1]`: 1 for the same order, -1 for the opposite one, 0 for none.
    pub(crate) tau: f64,
    /// Pairs of things that both lists put in the same order.
    pub(crate) agreeing: usize,
    /// All pairs, those that tie in either list among them.
    pub(crate) pairs: usize,
}

/// Kendall's τ-b of `a` and `b`; `None` where all of either side tie, as fewer than two things do.
///
/// Source: Kendall 1945, "The treatment of ties in ranking problems"; `scipy.stats.kendalltau`, variant b.
pub(crate) fn kendall(a: &[f64], b: &[f64]) -> Option<Kendall> {
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

    /// Expected values: `golden.py`, `scipy.stats.kendalltau`, without and with ties.
    #[test]
    fn the_correlation_equals_scipys() {
        let golden: serde_json::Value = serde_json::from_str(include_str!("golden.json")).unwrap();
        let cases: Vec<(Vec<f64>, Vec<f64>, f64)> =
            serde_json::from_value(golden["kendall"].clone()).unwrap();
        assert_eq!(cases.len(), 4);
        for (a, b, want) in cases {
            let got = kendall(&a, &b).unwrap().tau;
            assert!((got - want).abs() < 1e-12, "{got} {want}");
        }
    }

    #[test]
    fn pairs_are_counted() {
        let got = kendall(&[1.0, 2.0, 3.0, 3.0], &[1.0, 3.0, 2.0, 4.0]).unwrap();
        assert_eq!((got.agreeing, got.pairs), (4, 6)); // one opposed, one tied
    }

    #[test]
    fn what_has_no_order_has_no_correlation() {
        assert_eq!(kendall(&[1.0, 1.0, 1.0], &[1.0, 2.0, 3.0]), None);
        assert_eq!(kendall(&[1.0], &[1.0]), None);
        assert_eq!(kendall(&[], &[]), None);
    }
}
