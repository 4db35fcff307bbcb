//! Every pair of methods, and the set that may hold the best.

use crate::flips::{flip_count, for_each_flip};
use crate::moments::t_value;
use crate::wins::{WinsTiesLosses, wins_ties_losses};

/// The level of all tests and intervals.
const ALPHA: f64 = 0.05;

/// Statistics this close are ties: they are the same number, rounded in another order.
const TIE: f64 = 1e-12;

/// Methods compared over blocks.
///
/// Tests flip the signs of whole blocks, jointly for all pairs, and compare with the largest
/// statistic over the pairs (max-T: Westfall & Young 1993; single-step, with Student's t). A pair's
/// raw difference, wins and t do not depend on which other methods are compared.
#[derive(Clone, Debug, PartialEq)]
pub struct Comparison {
    /// Number of methods.
    pub methods: usize,
    /// Number of blocks.
    pub blocks: usize,
    /// All pairs, a before b: those of the first method, then those of the second, and so on.
    pub pairs: Vec<Pair>,
    /// p value of the hypothesis that the method is the best, one a method.
    pub best_p: Vec<f64>,
}

/// Two methods on the same blocks.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pair {
    /// Index of the first method.
    pub a: usize,
    /// Index of the second method, larger than that of the first.
    pub b: usize,
    /// Mean over the blocks of a's score less b's.
    pub difference: f64,
    /// Ends of its 95 % interval, simultaneous over all pairs; infinite below six blocks.
    pub interval: (f64, f64),
    /// p value of no difference, adjusted for all pairs.
    pub p: f64,
    /// Blocks on which a's score is higher, equal, lower.
    pub wins: WinsTiesLosses,
}

impl Pair {
    /// Returns true if the pair can be told apart at 5 %, all pairs considered.
    pub fn is_told_apart(&self) -> bool {
        self.p <= ALPHA && self.difference != 0.0
    }

    /// The method with the higher mean, if the pair can be told apart.
    pub fn better(&self) -> Option<usize> {
        self.is_told_apart().then_some(if self.difference < 0.0 { self.b } else { self.a })
    }
}

impl Comparison {
    /// Compares the methods of `blocks` (block × method); `None` below two methods or without
    /// blocks.
    pub fn of(blocks: &[Vec<f64>]) -> Option<Self> {
        let methods = blocks.first()?.len();
        if methods < 2 {
            return None;
        }
        debug_assert!(blocks.iter().all(|block| block.len() == methods), "a score for every method");
        debug_assert!(blocks.iter().flatten().all(|score| score.is_finite()), "scores are finite");
        let scores = Centered::of(blocks);
        let tails = scores.tails();
        let pairs = scores
            .pairs
            .iter()
            .zip(&tails.pair_p)
            .map(|(pair, &p)| Pair {
                a: pair.a,
                b: pair.b,
                difference: pair.mean,
                interval: pair.interval(blocks.len(), tails.critical),
                p,
                wins: wins_ties_losses(blocks, pair.a, pair.b),
            })
            .collect();
        Some(Self { methods, blocks: blocks.len(), pairs, best_p: tails.best_p })
    }

    /// The methods that may be the best, with 95 % confidence: those whose p is above 5 %.
    ///
    /// It holds the truly best method in at least 95 of 100 studies. Below five blocks nobody can
    /// leave it, since the least p value is 2⁻ⁿ.
    pub fn may_be_best(&self) -> Vec<usize> {
        (0..self.methods).filter(|&method| self.best_p[method] > ALPHA).collect()
    }

    /// The pair of two methods, in either order, seen from `method`: its difference from `other`
    /// with the interval.
    pub fn between(&self, method: usize, other: usize) -> Option<Pair> {
        let (a, b) = (method.min(other), method.max(other));
        if self.methods <= b || a == b {
            return None;
        }
        let pairs_of_earlier = a * (2 * self.methods - a - 1) / 2;
        let pair = self.pairs[pairs_of_earlier + b - a - 1];
        if method == a {
            return Some(pair);
        }
        let (low, high) = pair.interval;
        Some(Pair {
            a: method,
            b: other,
            difference: -pair.difference,
            interval: (-high, -low),
            p: pair.p,
            wins: pair.wins.reversed(),
        })
    }
}

/// Scores less their block's mean, which no difference depends on, with what flips need of each
/// pair.
struct Centered {
    methods: usize,
    scores: Vec<Vec<f64>>,
    pairs: Vec<PairSums>,
}

/// The sums of a pair's differences D.
struct PairSums {
    a: usize,
    b: usize,
    mean: f64,
    /// Σ D².
    squares: f64,
    /// Σ (D - mean)².
    spread: f64,
}

/// Tail shares over the flips.
struct Tails {
    pair_p: Vec<f64>,
    best_p: Vec<f64>,
    /// The 95 % quantile of the largest |t| of centered differences.
    critical: f64,
}

impl PairSums {
    fn interval(&self, n: usize, critical: f64) -> (f64, f64) {
        let n = n as f64;
        let standard_error = (self.spread / (n - 1.0) / n).sqrt();
        // Fewer blocks have no flip as rare as 5 %: nothing is known at that level.
        let reach = if 2.0_f64.powf(1.0 - n) <= ALPHA { critical * standard_error } else { f64::INFINITY };
        (self.mean - reach, self.mean + reach)
    }
}

impl Centered {
    fn of(blocks: &[Vec<f64>]) -> Self {
        let methods = blocks[0].len();
        let scores: Vec<Vec<f64>> = blocks
            .iter()
            .map(|block| {
                let mean = block.iter().sum::<f64>() / methods as f64;
                block.iter().map(|score| score - mean).collect()
            })
            .collect();
        let pairs = (0..methods)
            .flat_map(|a| (a + 1..methods).map(move |b| (a, b)))
            .map(|(a, b)| PairSums::of(blocks, a, b))
            .collect();
        Self { methods, scores, pairs }
    }

    /// One pass over the flips.
    fn tails(&self) -> Tails {
        let n = self.scores.len();
        let observed = self.pair_t(&self.sums(&vec![1.0; n]));
        let observed_best = self.largest_against_each(&observed);
        let mut pair_hits = vec![0_u32; self.pairs.len()];
        let mut best_hits = vec![0_u32; self.methods];
        let mut centered_largest = Vec::with_capacity(flip_count(n));
        for_each_flip(n, |signs| {
            let sums = self.sums(signs);
            let t = self.pair_t(&sums);
            let largest = t.iter().fold(0.0_f64, |most, t| most.max(t.abs()));
            for (hits, observed) in pair_hits.iter_mut().zip(&observed) {
                *hits += u32::from(reaches(largest, observed.abs()));
            }
            for ((hits, t), observed) in
                best_hits.iter_mut().zip(self.largest_against_each(&t)).zip(&observed_best)
            {
                *hits += u32::from(reaches(t, *observed));
            }
            centered_largest.push(self.largest_centered_t(&sums, signs.iter().sum()));
        });
        let share =
            |hits: Vec<u32>| hits.into_iter().map(|hits| f64::from(hits) / flip_count(n) as f64).collect();
        Tails { pair_p: share(pair_hits), best_p: share(best_hits), critical: quantile(centered_largest) }
    }

    /// Σ of every method's scores under `signs`.
    fn sums(&self, signs: &[f64]) -> Vec<f64> {
        let mut sums = vec![0.0; self.methods];
        for (sign, block) in signs.iter().zip(&self.scores) {
            for (sum, score) in sums.iter_mut().zip(block) {
                *sum += sign * score;
            }
        }
        sums
    }

    /// t of every pair, given the methods' sums. Flips leave Σ D² alone.
    fn pair_t(&self, sums: &[f64]) -> Vec<f64> {
        let n = self.scores.len();
        self.pairs.iter().map(|pair| t_value(n, sums[pair.a] - sums[pair.b], pair.squares)).collect()
    }

    /// For every method the largest t with which another leads it.
    fn largest_against_each(&self, pair_t: &[f64]) -> Vec<f64> {
        let mut largest = vec![f64::NEG_INFINITY; self.methods];
        for (pair, &t) in self.pairs.iter().zip(pair_t) {
            largest[pair.a] = largest[pair.a].max(-t);
            largest[pair.b] = largest[pair.b].max(t);
        }
        largest
    }

    /// The largest |t| over the pairs of flipped D - mean, where `signs` is the sum of the signs.
    fn largest_centered_t(&self, sums: &[f64], signs: f64) -> f64 {
        let n = self.scores.len();
        self.pairs.iter().fold(0.0, |most: f64, pair| {
            let sum = sums[pair.a] - sums[pair.b] - pair.mean * signs;
            most.max(if pair.spread == 0.0 { 0.0 } else { t_value(n, sum, pair.spread).abs() })
        })
    }
}

impl PairSums {
    fn of(blocks: &[Vec<f64>], a: usize, b: usize) -> Self {
        let differences: Vec<f64> = blocks.iter().map(|block| block[a] - block[b]).collect();
        let mean = differences.iter().sum::<f64>() / differences.len() as f64;
        let squares: f64 = differences.iter().map(|d| d * d).sum();
        let spread: f64 = differences.iter().map(|d| (d - mean).powi(2)).sum();
        // Equal differences have no spread but that of rounding.
        let spread = if spread <= 1e-26 * squares { 0.0 } else { spread };
        Self { a, b, mean, squares, spread }
    }
}

/// t ≥ observed, up to rounding.
fn reaches(t: f64, observed: f64) -> bool {
    t >= observed - TIE * observed.abs().max(1.0) || t == observed
}

/// The least value that at least 95 % of `values` do not exceed.
fn quantile(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let place = (values.len() as f64 * (1.0 - ALPHA)).ceil() as usize;
    values[place.max(1) - 1]
}
