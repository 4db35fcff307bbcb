//! Random numbers that depend on what they are for, and on nothing that happened before.

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

/// Purpose of a random stream. Each purpose has its own, so that a setting that changes one leaves
/// the others alone.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Purpose {
    /// Sides of cutouts.
    Sides = 1,
    /// Positions and sides of cutouts.
    Offsets = 2,
    /// Other rounding of the initial latents.
    Nudges = 3,
}

/// The numbers of one purpose at one step of a dream: a function of the arguments alone.
///
/// The arguments are the key of the block cipher `ChaCha`, whose counter gives the numbers: `draw`
/// tells the draws of a step apart. Prompt and optimizer are left out on purpose: dreams of one
/// seed draw alike, which pairs their comparison.
pub(crate) fn stream(seed: u64, step: u32, purpose: Purpose, draw: u32) -> ChaCha8Rng {
    let mut key = [0; 32];
    let words = [seed, u64::from(step), purpose as u64, u64::from(draw)];
    for (bytes, word) in key.chunks_exact_mut(8).zip(words) {
        bytes.copy_from_slice(&word.to_le_bytes());
    }
    ChaCha8Rng::from_seed(key)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::RngExt;
    use std::collections::BTreeSet;

    #[test]
    fn every_argument_counts() {
        let first = |seed, step, purpose, draw| stream(seed, step, purpose, draw).random::<u64>();
        let numbers = BTreeSet::from([
            first(0, 1, Purpose::Sides, 0),
            first(1, 1, Purpose::Sides, 0),
            first(0, 2, Purpose::Sides, 0),
            first(0, 1, Purpose::Offsets, 0),
            first(0, 1, Purpose::Sides, 1),
        ]);
        assert_eq!(numbers.len(), 5);
        assert_eq!(first(7, 3, Purpose::Sides, 2), first(7, 3, Purpose::Sides, 2));
    }
}
