use super::range::{TuneRange, rounded};

/// Points spread over ranges, each a value for every range: both ends and what lies between them at
/// equal ratios for one range, Sobol points in the ranges' logarithms for several, one point
/// without values for none.
pub(super) fn points(ranges: &[TuneRange], count: usize) -> Vec<Vec<f64>> {
    match ranges {
        [] => vec![Vec::new()],
        [range] => grid(range, count).into_iter().map(|value| vec![value]).collect(),
        several => (0..count).map(|index| sobol(several, index)).collect(),
    }
}

fn grid(range: &TuneRange, count: usize) -> Vec<f64> {
    let last = count.saturating_sub(1);
    let ratio = (range.high / range.low).powf(1.0 / last.max(1) as f64);
    let value = |index: usize| match index {
        0 => range.low,
        index if index == last => range.high,
        index => rounded(range.low * ratio.powi(index as i32), ratio),
    };
    (0..count).map(value).collect()
}

/// Source: Burley, "Practical hash-based Owen scrambling", JCGT 9(4), 2020; the crate
/// `sobol_burley`.
fn sobol(ranges: &[TuneRange], index: usize) -> Vec<f64> {
    let value = |(dimension, range): (u32, &TuneRange)| {
        let unit = f64::from(sobol_burley::sample(index as u32, dimension, 0));
        rounded((range.low.ln() + unit * (range.high / range.low).ln()).exp(), 1.1)
    };
    (0..).zip(ranges).map(value).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn range(low: f64, high: f64) -> TuneRange {
        TuneRange { setting: "lr".to_owned(), low, high }
    }

    #[test]
    fn one_range_is_a_grid_with_both_ends() {
        assert_eq!(points(&[range(0.005, 0.5)], 5).concat(), [0.005, 0.0158, 0.05, 0.158, 0.5]);
        assert_eq!(points(&[range(1.0, 1.1)], 3).concat(), [1.0, 1.048809, 1.1]);
        assert_eq!(points(&[], 5), [Vec::<f64>::new()], "one trial of what is not tuned");
    }

    #[test]
    fn several_ranges_are_spread_within_their_ends() {
        let ranges = [range(0.001, 10.0), range(0.5, 0.9)];
        let points = points(&ranges, 64);
        assert_eq!(points.len(), 64);
        for (dimension, TuneRange { low, high, .. }) in ranges.iter().enumerate() {
            assert!(points.iter().all(|point| (low * 0.99..=high * 1.01).contains(&point[dimension])));
            // Evenly: half of them below the geometric mean.
            let below = points.iter().filter(|point| point[dimension] < (low * high).sqrt()).count();
            assert_eq!(below, 32);
        }
    }
}
