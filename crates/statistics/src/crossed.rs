//! Intervals where blocks and seeds are crossed: every block was run under the same seeds.

use statrs::distribution::{ContinuousCDF as _, StudentsT};

use crate::components::Components;
use crate::moments::mean;

/// The 95 % interval of the mean of `differences` (block × seed) for other blocks and other seeds,
/// simultaneous over `pairs` pairs (Bonferroni); `None` below two blocks or two seeds.
///
/// Seeds that all blocks share do not average out with more blocks: intervals over blocks alone
/// cover half of what they promise if there is a seed effect. The variance of the mean is
/// (`ms_blocks` + `ms_seeds` − `ms_rest`) / (n s), at least `ms_rest` / (n s), with Satterthwaite's
/// degrees of freedom (Searle, Casella & McCulloch 1992, section 2.6).
pub fn crossed_interval(differences: &[Vec<f64>], pairs: usize) -> Option<(f64, f64)> {
    let parts = Components::of(differences)?;
    let (n, s) = (differences.len() as f64, differences[0].len() as f64);
    let terms =
        [(parts.ms_blocks, n - 1.0), (parts.ms_seeds, s - 1.0), (-parts.ms_rest, (n - 1.0) * (s - 1.0))];
    let sum: f64 = terms.iter().map(|(square, _)| square).sum();
    let sum = sum.max(parts.ms_rest);
    let freedom = sum * sum / terms.iter().map(|(square, freedom)| square * square / freedom).sum::<f64>();
    let center = mean(&differences.concat())?;
    if sum == 0.0 {
        return Some((center, center));
    }
    let tail = 0.05 / 2.0 / pairs.max(1) as f64;
    let quantile = StudentsT::new(0.0, 1.0, freedom).ok()?.inverse_cdf(1.0 - tail);
    let reach = quantile * (sum / (n * s)).sqrt();
    Some((center - reach, center + reach))
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng as _;
    use rand_chacha::ChaCha8Rng;
    use rand_distr::{Distribution as _, StandardNormal};

    use super::*;

    /// Studies of a difference of zero with effects of blocks and seeds: the share of intervals
    /// that cover it.
    fn coverage(blocks: usize, seeds: usize, seed_effect: f64) -> f64 {
        let covered = (0..2000).filter(|&study| {
            let mut rng = ChaCha8Rng::seed_from_u64(study);
            let mut draw = || -> f64 { StandardNormal.sample(&mut rng) };
            let effects: Vec<f64> = (0..seeds).map(|_| seed_effect * draw()).collect();
            let table: Vec<Vec<f64>> = (0..blocks)
                .map(|_| {
                    let block = draw();
                    effects.iter().map(|effect| block + effect + draw()).collect()
                })
                .collect();
            crossed_interval(&table, 1).is_some_and(|(low, high)| low <= 0.0 && 0.0 <= high)
        });
        covered.count() as f64 / 2000.0
    }

    #[test]
    fn covers_with_few_seeds_and_many_blocks() {
        for (seeds, effect) in [(3, 1.0), (5, 1.0), (3, 0.3), (5, 0.0), (10, 1.0)] {
            let share = coverage(50, seeds, effect);
            assert!((0.92..=1.0).contains(&share), "{seeds} seeds, effect {effect}: {share}");
        }
    }

    #[test]
    fn equal_differences_leave_nothing_open() {
        assert_eq!(crossed_interval(&[vec![1.0, 1.0], vec![1.0, 1.0]], 3), Some((1.0, 1.0)));
        assert_eq!(crossed_interval(&[vec![1.0], vec![2.0]], 3), None);
    }
}
