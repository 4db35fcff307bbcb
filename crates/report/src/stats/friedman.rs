//! Friedman's test: do the methods differ at all?

use statrs::distribution::{ChiSquared, ContinuousCDF as _};

use super::{mean_ranks, ranks};

/// The outcome of Friedman's test.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Friedman {
    /// The statistic, corrected for ties.
    pub(crate) chi_squared: f64,
    /// The probability of a statistic at least as large when all methods are alike (χ² approximation, k - 1 degrees).
    pub(crate) p: f64,
}

/// Friedman's test on `blocks` (block × method); `None` below two methods or blocks, and when all ranks tie.
///
/// Source: Friedman 1937; with the correction for ties of Conover 1999, section 5.8, as in `scipy.stats.friedmanchisquare`.
pub(crate) fn friedman(blocks: &[Vec<f64>]) -> Option<Friedman> {
    let n = blocks.len() as f64;
    let methods = blocks.first()?.len();
    let k = methods as f64;
    if methods < 2 || blocks.len() < 2 {
        return None;
    }
    let squares: f64 = mean_ranks(blocks).iter().map(|rank| (rank * n).powi(2)).sum();
    let uncorrected = 12.0 * squares / (n * k * (k + 1.0)) - 3.0 * n * (k + 1.0);
    let correction = 1.0 - blocks.iter().map(|block| tied(block)).sum::<f64>() / (n * k * (k * k - 1.0));
    if correction <= 0.0 {
        return None;
    }
    let chi_squared = uncorrected / correction;
    let p = ChiSquared::new(k - 1.0).ok()?.sf(chi_squared);
    Some(Friedman { chi_squared, p })
}

/// Σ t³ - t over the groups of t tied scores of a block.
fn tied(block: &[f64]) -> f64 {
    // A score tied with t - 1 others contributes t² - 1; the t of them make up t³ - t.
    ranks(block)
        .iter()
        .map(|rank| ranks(block).iter().filter(|other| *other == rank).count() as f64)
        .map(|t| t * t - 1.0)
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::DIVERGED;
    use serde::Deserialize;

    #[derive(Deserialize)]
    struct Golden {
        blocks: Vec<Vec<f64>>,
        chi_squared: f64,
        p: f64,
    }

    /// Expected values: `golden.py`, `scipy.stats.friedmanchisquare`; the first case is the report's table 2.
    #[test]
    fn the_test_equals_scipys_with_and_without_ties() {
        let cases: serde_json::Value = serde_json::from_str(include_str!("golden.json")).unwrap();
        let cases: Vec<Golden> = serde_json::from_value(cases["friedman"].clone()).unwrap();
        assert!(2 < cases.len());
        for want in cases {
            let got = friedman(&want.blocks).unwrap();
            assert!((got.chi_squared - want.chi_squared).abs() < 1e-10, "{got:?}");
            assert!((got.p - want.p).abs() < 1e-10, "{got:?}");
        }
    }

    #[test]
    fn methods_that_always_tie_have_no_test() {
        assert_eq!(friedman(&[vec![1.0, 1.0], vec![2.0, 2.0]]), None);
        assert_eq!(friedman(&[vec![1.0, 2.0]]), None);
        assert_eq!(friedman(&[]), None);
    }

    #[test]
    fn a_diverged_method_ranks_last() {
        let diverged = friedman(&[vec![2.0, 1.0, DIVERGED], vec![2.0, 1.0, DIVERGED]]);
        let low = friedman(&[vec![2.0, 1.0, -9.0], vec![2.0, 1.0, -9.0]]);
        assert_eq!(diverged, low);
    }
}
