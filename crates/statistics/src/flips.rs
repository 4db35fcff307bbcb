//! Sign flips of blocks: the reference distribution of a paired comparison.

use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;

/// Up to this number of blocks all 2ⁿ flips are enumerated.
const ENUMERATED: usize = 12;

/// Flips drawn for more blocks; the first leaves all signs as they are, so that no p value is 0.
const DRAWN: usize = 10_000;

/// Number of flips that [`for_each_flip`] visits for `n` blocks.
pub(crate) fn flip_count(n: usize) -> usize {
    if n <= ENUMERATED { 1 << n } else { DRAWN }
}

/// Calls `visit` with the signs (1 or -1, one a block) of every flip of `n` blocks.
///
/// All 2ⁿ up to 12 blocks; for more, 10,000 from a fixed ChaCha stream, the same for the same `n`.
/// The first flip is always the identity.
pub(crate) fn for_each_flip(n: usize, mut visit: impl FnMut(&[f64])) {
    let mut signs = vec![1.0; n];
    if n <= ENUMERATED {
        for flip in 0..1_usize << n {
            for (block, sign) in signs.iter_mut().enumerate() {
                *sign = if flip >> block & 1 == 0 { 1.0 } else { -1.0 };
            }
            visit(&signs);
        }
        return;
    }
    visit(&signs);
    let mut rng = ChaCha8Rng::seed_from_u64(0);
    for _ in 1..DRAWN {
        signs.iter_mut().for_each(|sign| *sign = if rng.random::<bool>() { 1.0 } else { -1.0 });
        visit(&signs);
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    fn flips(n: usize) -> Vec<Vec<i8>> {
        let mut all = Vec::new();
        for_each_flip(n, |signs| all.push(signs.iter().map(|sign| *sign as i8).collect()));
        all
    }

    #[test]
    fn few_blocks_are_enumerated() {
        let all = flips(5);
        assert_eq!(all.len(), flip_count(5));
        assert_eq!(all.iter().collect::<HashSet<_>>().len(), 32);
    }

    #[test]
    fn many_blocks_are_drawn_evenly_and_the_same_each_time() {
        let all = flips(13);
        assert_eq!((all.len(), &all[0]), (flip_count(13), &vec![1; 13]));
        assert_eq!(all, flips(13));
        for block in 0..13 {
            let sum: i32 = all.iter().map(|signs| i32::from(signs[block])).sum();
            assert!(sum.abs() < 500, "five standard deviations of 10,000 signs: {sum}");
        }
    }
}
