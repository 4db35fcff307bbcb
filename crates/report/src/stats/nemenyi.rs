//! Nemenyi's critical difference: how far apart two mean ranks must be.

use statrs::distribution::{Continuous as _, ContinuousCDF as _, Normal};

/// The share of false alarms that is put up with.
const ALPHA: f64 = 0.05;

/// The difference of mean ranks over `blocks` blocks above which two of `methods` methods differ at the 5 % level.
///
/// `None` below two methods or without blocks.
///
/// Source: Nemenyi 1963; Demšar 2006, section 3.2.2: CD = q √(k (k + 1) / 6 n).
pub(crate) fn critical_difference(methods: usize, blocks: usize) -> Option<f64> {
    if methods < 2 || blocks == 0 {
        return None;
    }
    Some(one_block_difference(methods) / (blocks as f64).sqrt())
}

/// What a number of blocks can show at best.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Power {
    /// Blocks from which the best and the worst method can be told apart at all.
    pub(crate) blocks_for_extremes: usize,
    /// Blocks from which methods one mean rank apart can be told apart.
    pub(crate) blocks_for_neighbours: usize,
    /// The smallest p value that a two-sided Wilcoxon test of two methods can reach.
    pub(crate) smallest_wilcoxon_p: f64,
}

impl Power {
    /// The power of comparing `methods` methods over `blocks` blocks; `None` below two methods.
    pub(crate) fn of(methods: usize, blocks: usize) -> Option<Self> {
        let one = critical_difference(methods, 1)?;
        let needed = |gap: f64| (one / gap).powi(2).ceil() as usize;
        Some(Self {
            blocks_for_extremes: needed(methods as f64 - 1.0),
            blocks_for_neighbours: needed(1.0),
            smallest_wilcoxon_p: 2.0_f64.powf(1.0 - blocks as f64).min(1.0),
        })
    }
}

fn one_block_difference(methods: usize) -> f64 {
    let k = methods as f64;
    quantile(methods) * (k * (k + 1.0) / 6.0).sqrt()
}

/// q: the upper 5 % point of the studentized range of `methods` normal variables, divided by √2.
fn quantile(methods: usize) -> f64 {
    let (mut low, mut high) = (0.0, 20.0);
    for _ in 0..60 {
        let middle = (low + high) / 2.0;
        if range_cdf(middle, methods) < 1.0 - ALPHA {
            low = middle;
        } else {
            high = middle;
        }
    }
    low / std::f64::consts::SQRT_2
}

/// P(range of k standard normal variables ≤ q) = k ∫ φ(z) [Φ(z) - Φ(z - q)]^(k-1) dz, by the trapezoid rule.
fn range_cdf(q: f64, methods: usize) -> f64 {
    // The integrand and all its derivatives vanish at ±9, so that the rule converges faster than any power.
    const STEPS: u32 = 360;
    const REACH: f64 = 9.0;
    let normal = Normal::standard();
    let width = 2.0 * REACH / f64::from(STEPS);
    let integral: f64 = (0..=STEPS)
        .map(|step| f64::from(step) * width - REACH)
        .map(|z| normal.pdf(z) * (normal.cdf(z) - normal.cdf(z - q)).powi(methods as i32 - 1))
        .sum();
    methods as f64 * integral * width
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Expected values: `golden.py`, `scipy.stats.studentized_range`, k from 2 to 20.
    #[test]
    fn the_quantiles_equal_scipys() {
        let golden: serde_json::Value = serde_json::from_str(include_str!("golden.json")).unwrap();
        let want: Vec<f64> = serde_json::from_value(golden["nemenyi_q"].clone()).unwrap();
        assert_eq!(want.len(), 19);
        for (methods, want) in (2..).zip(want) {
            assert!((quantile(methods) - want).abs() < 1e-6, "k = {methods}: {} {want}", quantile(methods));
        }
    }

    /// Demšar 2006, section 3.2.2, works the case k = 4, n = 14: q = 2.569, CD = 1.25.
    #[test]
    fn the_difference_equals_demsars_example() {
        let got = critical_difference(4, 14).unwrap();
        assert!((got - 1.25).abs() < 0.005, "{got}");
    }

    #[test]
    fn four_prompts_can_tell_little() {
        let power = Power::of(6, 4).unwrap();
        assert_eq!((power.blocks_for_extremes, power.blocks_for_neighbours), (3, 57));
        assert_eq!(power.smallest_wilcoxon_p, 0.125);
    }

    #[test]
    fn one_method_has_no_difference() {
        assert_eq!(critical_difference(1, 4), None);
        assert_eq!(critical_difference(6, 0), None);
    }
}
