//! Positions and sides of cutouts.

use crate::random::{Purpose, stream};
use rand::RngExt;
use rand_distr::{Distribution, Normal};

/// Mean and standard deviation of a cutout's side, as a part of the image's.
const SIDE: (f64, f64) = (0.8, 0.3);
/// The smallest and the largest part.
const SIDE_RANGE: (f64, f64) = (0.5, 0.95);
/// With `center_bias`: standard deviations from the middle of an offset's range to its ends.
const CENTER_FOCUS: f64 = 2.0;

/// A square part of an image, in pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Cutout {
    pub(crate) side: i64,
    pub(crate) top: i64,
    pub(crate) left: i64,
}

/// The `count` cutouts that a dream with this seed sees in one draw of one step, of an image with
/// side `image_side`.
///
/// Source: `big-sleep` 0.9.1, `BigSleep.forward` and `rand_cutout`. More cutouts begin with the
/// same ones, and `center_bias` moves them without resizing them.
pub(crate) fn cutouts(
    seed: u64,
    step: u32,
    draw: u32,
    count: u32,
    image_side: i64,
    center_bias: bool,
) -> Vec<Cutout> {
    let mut sides = stream(seed, step, Purpose::Sides, draw);
    let mut offsets = stream(seed, step, Purpose::Offsets, draw);
    let (mean, std) = SIDE;
    let fraction = Normal::new(mean, std).expect("a positive standard deviation");
    let one = |_| {
        let side = side(image_side, fraction.sample(&mut sides));
        let last = image_side - side;
        let mut offset =
            || if center_bias { central(last, &mut offsets) } else { offsets.random_range(0..=last) };
        Cutout { side, top: offset(), left: offset() }
    };
    (0..count).map(one).collect()
}

/// The smallest and the largest side that cutouts of an image have.
pub(crate) fn side_range(image_side: i64) -> std::ops::RangeInclusive<i64> {
    side(image_side, f64::NEG_INFINITY)..=side(image_side, f64::INFINITY)
}

fn side(image_side: i64, fraction: f64) -> i64 {
    let (least, most) = SIDE_RANGE;
    ((image_side as f64 * fraction.clamp(least, most)) as i64).max(1)
}

/// An offset from 0 to `last`, most likely in the middle; one that falls outside is drawn again,
/// evenly.
fn central(last: i64, random: &mut impl rand::Rng) -> i64 {
    let center = last as f64 / 2.0;
    let around =
        Normal::new(center, center / CENTER_FOCUS).expect("a standard deviation that is not negative");
    let offset = around.sample(random) as i64; // towards zero, as Python's int()
    if (0..=last).contains(&offset) { offset } else { random.random_range(0..=last) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cutouts_stay_inside_and_have_the_stated_sides() {
        for center_bias in [false, true] {
            for image_side in [4, 32, 512] {
                for cutout in cutouts(3, 1, 0, 2000, image_side, center_bias) {
                    assert!(side_range(image_side).contains(&cutout.side), "{cutout:?}");
                    assert!(cutout.top >= 0 && cutout.top + cutout.side <= image_side, "{cutout:?}");
                    assert!(cutout.left >= 0 && cutout.left + cutout.side <= image_side, "{cutout:?}");
                }
            }
        }
        assert_eq!(side_range(512), 256..=486); // int(512 × 0.5), int(512 × 0.95)
    }

    /// A normal distribution with mean 0.8 and deviation 0.3 has 15.9% below 0.5 and 30.9% above
    /// 0.95.
    #[test]
    fn sides_are_distributed_as_stated() {
        let drawn = cutouts(0, 1, 0, 20_000, 1000, false);
        let part = |side: i64| drawn.iter().filter(|c| c.side == side).count() as f64 / drawn.len() as f64;
        assert!((part(500) - 0.1587).abs() < 0.01, "{}", part(500)); // a deviation of the estimate is 0.0026
        assert!((part(950) - 0.3085).abs() < 0.01, "{}", part(950));
    }

    #[test]
    fn offsets_are_even_or_gather_at_the_center() {
        let spread = |center_bias| {
            let drawn = cutouts(0, 1, 0, 20_000, 1000, center_bias);
            let whole = drawn.iter().filter(|c| c.side == 500);
            let middle = |c: &&Cutout| (125..=375).contains(&c.top) && (125..=375).contains(&c.left);
            whole.clone().filter(middle).count() as f64 / whole.count() as f64
        };
        assert!((spread(false) - 0.25).abs() < 0.03, "{}", spread(false));
        // Each offset is within one deviation of the center, 68.3%, or was outside of two, 4.6%,
        // and drawn evenly, half.
        assert!((spread(true) - (0.683_f64 + 0.023).powi(2)).abs() < 0.03, "{}", spread(true));
    }

    #[test]
    fn more_cutouts_begin_alike_and_a_bias_keeps_the_sides() {
        let few = cutouts(5, 9, 0, 10, 512, false);
        let many = cutouts(5, 9, 0, 30, 512, false);
        assert_eq!(few, many[..10]);
        let biased = cutouts(5, 9, 0, 10, 512, true);
        assert!(few.iter().zip(&biased).all(|(a, b)| a.side == b.side));
        assert_ne!(few, biased);
    }

    /// Records are comparable across versions only while these stay.
    #[test]
    fn the_draws_of_a_seed_do_not_change() {
        let drawn = cutouts(0, 1, 0, 3, 512, false);
        let found = drawn.iter().map(|c| [c.side, c.top, c.left]).collect::<Vec<_>>();
        assert_eq!(found, [[464, 7, 30], [486, 14, 21], [461, 42, 27]]);
    }
}
