//! Comparisons against scipy, statsmodels and rliable: `golden.py`.

use serde::Deserialize;
use statistics::{Comparison, blocks_needed, kendall, spearman, win_rate};

#[derive(Deserialize)]
struct Golden {
    max_t: Vec<MaxT>,
    blocks_needed: Vec<(usize, f64, f64, f64)>,
    win_rates: Vec<(Vec<Vec<f64>>, Vec<f64>)>,
    /// Two lists with Spearman's ρ and Kendall's τ-b.
    correlations: Vec<(Vec<f64>, Vec<f64>, f64, f64)>,
}

#[derive(Deserialize)]
struct MaxT {
    blocks: Vec<Vec<f64>>,
    p: Vec<f64>,
    low: Vec<f64>,
    high: Vec<f64>,
    best_p: Vec<f64>,
}

fn golden() -> Golden {
    serde_json::from_str(include_str!("golden.json")).expect("golden.json is as golden.py wrote it")
}

fn assert_close(got: impl IntoIterator<Item = f64>, want: &[f64], what: &str) {
    let got: Vec<f64> = got.into_iter().collect();
    assert_eq!(got.len(), want.len());
    for (got, want) in got.iter().zip(want) {
        assert!((got - want).abs() < 1e-9, "{what}: {got}, want {want}");
    }
}

#[test]
fn max_t_equals_numpys() {
    for want in golden().max_t {
        let got = Comparison::of(&want.blocks).unwrap();
        assert_close(got.pairs.iter().map(|pair| pair.p), &want.p, "p");
        if want.blocks.len() < 6 {
            let unknown = (f64::NEG_INFINITY, f64::INFINITY);
            assert!(got.pairs.iter().all(|pair| pair.interval == unknown), "no flip is as rare as 5 %");
        } else {
            assert_close(got.pairs.iter().map(|pair| pair.interval.0), &want.low, "low");
            assert_close(got.pairs.iter().map(|pair| pair.interval.1), &want.high, "high");
        }
        assert_close(got.best_p.iter().copied(), &want.best_p, "p of being the best");
    }
}

#[test]
fn blocks_needed_are_statsmodels() {
    for (methods, sd, difference, want) in golden().blocks_needed {
        let got = blocks_needed(methods, sd, difference);
        assert!((got - want).abs() < 1.0, "{got}, want {want}");
    }
}

#[test]
fn win_rates_are_rliables() {
    for (blocks, want) in golden().win_rates {
        let methods = 0..want.len();
        assert_close(methods.map(|method| win_rate(&blocks, method).unwrap()), &want, "win rate");
    }
}

#[test]
fn correlations_are_scipys() {
    for (a, b, rho, tau) in golden().correlations {
        assert_close(spearman(&a, &b), &[rho], "Spearman's rho");
        assert_close(kendall(&a, &b).map(|kendall| kendall.tau), &[tau], "Kendall's tau");
    }
}
