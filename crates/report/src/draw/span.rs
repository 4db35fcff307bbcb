//! Ranges of axes: finite, not empty, and wide enough for arithmetic on them.

/// Values beyond are drawn at it: sums and squares of such numbers are still finite.
const LARGEST: f64 = 1e100;
/// The least width of a range, as a share of its larger end.
const NARROWEST: f64 = 1e-7;
/// Labels beyond are written as powers of ten.
const LONGEST: f64 = 1e7;

/// A number that can be drawn; nothing for one that is none. What is infinite is drawn nowhere.
pub(crate) fn drawable(value: f64) -> Option<f64> {
    value.is_finite().then(|| value.clamp(-LARGEST, LARGEST))
}

/// The range from `low` to `high`, widened where numbers in it could not be told apart.
pub(crate) fn span((low, high): (f64, f64)) -> (f64, f64) {
    let finite = |end: f64, other: f64| if end.is_finite() { end } else { other };
    let (low, high) = (finite(low, 0.0), finite(high, 1.0));
    let (low, high) = (low.min(high).max(-2.0 * LARGEST), high.max(low).min(2.0 * LARGEST));
    let least = (low.abs().max(high.abs()) * NARROWEST).max(1e-12);
    if least <= high - low { (low, high) } else { (low - least, high + least) }
}

/// The format of the labels of an axis over `span`: enough decimals to tell about seven of them
/// apart.
pub(crate) fn label(value: f64, (low, high): (f64, f64)) -> String {
    let span = high - low;
    let text = if LONGEST <= low.abs().max(high.abs()) || span < 1e-7 {
        format!("{value:.1e}")
    } else {
        let decimals = (-(span / 7.0).log10().floor()).clamp(0.0, 6.0) as usize;
        format!("{value:.decimals$}")
    };
    text.replace('-', "−")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_usual_range_stays() {
        assert_eq!(span((0.0, 2000.0)), (0.0, 2000.0));
        assert_eq!(span((40.59 - 4e-5, 40.59 + 4e-5)), (40.59 - 4e-5, 40.59 + 4e-5));
    }

    #[test]
    fn labels_are_short_whatever_the_numbers() {
        assert_eq!(label(500.0, (0.0, 2000.0)), "500");
        assert_eq!(label(-0.35, (-0.4, -0.1)), "−0.35");
        assert_eq!(label(4e9, (0.0, 4_294_967_295.0)), "4.0e9");
        assert_eq!(label(-1e99, (-1e100, 1e100)), "−1.0e99");
    }
}
