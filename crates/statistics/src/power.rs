//! Power of a paired comparison of all pairs of methods.

use statrs::distribution::{ContinuousCDF as _, Normal};

/// The probability of telling a pair apart that a design is asked for.
const POWER: f64 = 0.8;

/// Blocks needed to tell apart with a probability of 80 % two of `methods` methods that differ by
/// `difference`, where the difference has the standard deviation `sd` over blocks.
///
/// n = ((z(1 − a/2) + z(0.8)) · sd / difference)² + z(1 − a/2)²/2, with a = 5 % over the number of
/// pairs (Bonferroni). The last term stands for Student's t (Guenther 1981).
pub fn blocks_needed(methods: usize, sd: f64, difference: f64) -> f64 {
    let z = level_quantile(methods);
    ((z + quantile(POWER)) * sd / difference).powi(2) + z * z / 2.0
}

/// The smallest difference that `blocks` blocks tell apart with a probability of 80 %; `None` where
/// there are too few blocks for any.
pub fn detectable_difference(methods: usize, sd: f64, blocks: usize) -> Option<f64> {
    let z = level_quantile(methods);
    let effective = blocks as f64 - z * z / 2.0;
    (0.0 < effective).then(|| (z + quantile(POWER)) * sd / effective.sqrt())
}

/// z(1 − a/2) with a = 5 % over the number of pairs.
fn level_quantile(methods: usize) -> f64 {
    let pairs = (methods * methods.saturating_sub(1) / 2).max(1);
    quantile(1.0 - 0.05 / pairs as f64 / 2.0)
}

fn quantile(share: f64) -> f64 {
    Normal::standard().inverse_cdf(share)
}
