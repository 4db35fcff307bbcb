//! From traces to lines: smoothing, averaging over seeds, thinning.

use statistics::{mean, sample_sd};

/// A line to be drawn: x is the step.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Curve {
    /// The smoothed value, averaged over runs.
    pub(crate) line: Vec<(f64, f64)>,
    /// The measured values, where there is one run; their range per thinned step.
    pub(crate) raw: Vec<(f64, f64)>,
    /// One standard deviation below and above the line, where there are several runs.
    pub(crate) band: Vec<(f64, f64, f64)>,
    /// The step after which a run diverged.
    pub(crate) diverged_at: Option<f64>,
}

/// More points than this on one line are not seen, only stored.
const MAX_POINTS: usize = 400;

/// The curve of some runs, each a series of (step, value).
pub(crate) fn curve(runs: &[Vec<(f64, f64)>], diverged: bool) -> Curve {
    let span = runs.iter().map(Vec::len).max().unwrap_or(0);
    let window = smoothing_window(span);
    let smoothed: Vec<_> = runs.iter().map(|run| smooth(run, window)).collect();
    let (line, band) = across(&smoothed);
    let raw = match runs {
        [run] if 1.0 < window => extremes(run),
        _ => Vec::new(),
    };
    let last = |run: &Vec<(f64, f64)>| run.last().map(|(step, _)| *step);
    let diverged_at = if diverged { runs.iter().filter_map(last).reduce(f64::min) } else { None };
    Curve { line: thin(&line), raw, band: thin(&band), diverged_at }
}

/// The mean per step over the runs that reached it, as measured.
pub(crate) fn mean_run(runs: &[Vec<(f64, f64)>]) -> Vec<(f64, f64)> {
    across(runs).0
}

/// The time constant of the smoothing of a run of so many steps, in steps: a fiftieth of it.
pub(crate) fn smoothing_window(steps: usize) -> f64 {
    (steps as f64 / 50.0).round().max(1.0)
}

/// The exponential moving average with a time constant of `window` steps, corrected for its start
/// (Kingma & Ba 2015).
fn smooth(run: &[(f64, f64)], window: f64) -> Vec<(f64, f64)> {
    let decay = 1.0 - 1.0 / window;
    let (mut sum, mut weight) = (0.0, 0.0);
    run.iter()
        .map(|&(step, value)| {
            sum = decay * sum + (1.0 - decay) * value;
            weight = decay * weight + (1.0 - decay);
            (step, sum / weight)
        })
        .collect()
}

type Line = Vec<(f64, f64)>;
type Band = Vec<(f64, f64, f64)>;

/// Mean and spread per step over the runs that reached it.
fn across(runs: &[Line]) -> (Line, Band) {
    let longest = runs.iter().max_by_key(|run| run.len());
    let (mut line, mut band) = (Vec::new(), Vec::new());
    for (place, (step, _)) in longest.into_iter().flatten().enumerate() {
        let values: Vec<f64> =
            runs.iter().filter_map(|run| run.get(place)).map(|(_, value)| *value).collect();
        let Some(mean) = mean(&values) else { continue };
        line.push((*step, mean));
        if let Some(sd) = sample_sd(&values) {
            band.push((*step, mean - sd, mean + sd));
        }
    }
    (line, band)
}

fn thin<T: Copy>(points: &[T]) -> Vec<T> {
    thin_to(points, MAX_POINTS)
}

/// At most `most` (two or more) of `points`, evenly spread, with the first and the last.
pub(crate) fn thin_to<T: Copy>(points: &[T], most: usize) -> Vec<T> {
    if points.len() <= most {
        return points.to_vec();
    }
    let last = points.len() - 1;
    (0..most).map(|n| points[(n * last) / (most - 1)]).collect()
}

/// The run thinned to the lowest and highest value of every stretch, so that no spike is lost.
fn extremes(run: &[(f64, f64)]) -> Line {
    if run.len() <= MAX_POINTS {
        return run.to_vec();
    }
    run.chunks(run.len().div_ceil(MAX_POINTS / 2))
        .flat_map(|stretch| {
            let by_value = |a: &&(f64, f64), b: &&(f64, f64)| a.1.total_cmp(&b.1);
            let low = stretch.iter().min_by(by_value);
            let high = stretch.iter().max_by(by_value);
            let mut both: Line = low.into_iter().chain(high).copied().collect();
            both.sort_by(|a, b| a.0.total_cmp(&b.0));
            both
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(values: impl IntoIterator<Item = f64>) -> Line {
        (1..).map(f64::from).zip(values).collect()
    }

    #[test]
    fn smoothing_leaves_a_constant_alone_from_its_first_step() {
        let smoothed = smooth(&run([2.5; 300]), 6.0);
        assert!(smoothed.iter().all(|(_, value)| (value - 2.5).abs() < 1e-12));
    }

    #[test]
    fn a_step_is_followed_by_63_percent_within_the_window() {
        let smoothed = smooth(&run((0..1100).map(|step| if step < 1000 { 0.0 } else { 1.0 })), 20.0);
        assert!((smoothed[1019].1 - 0.64).abs() < 0.01, "{}", smoothed[1019].1); // 1 - (1 - 1/20)²⁰
    }

    #[test]
    fn several_runs_make_a_mean_and_a_band() {
        let curve = curve(&[run([1.0, 2.0]), run([3.0, 2.0])], false);
        assert_eq!(curve.line, [(1.0, 2.0), (2.0, 2.0)]);
        let sd = 2.0_f64.sqrt();
        assert_eq!(curve.band, [(1.0, 2.0 - sd, 2.0 + sd), (2.0, 2.0, 2.0)]);
        assert!(curve.raw.is_empty());
    }

    #[test]
    fn a_long_run_is_thinned_and_keeps_its_spike_and_its_ends() {
        let mut values = vec![0.0; 2000];
        values[777] = -9.0;
        let curve = curve(&[run(values)], false);
        assert!(curve.raw.contains(&(778.0, -9.0)));
        assert_eq!(curve.line.len(), MAX_POINTS);
        assert_eq!((curve.line[0].0, curve.line[MAX_POINTS - 1].0), (1.0, 2000.0));
    }

    #[test]
    fn the_earliest_divergence_is_shown() {
        let curve = curve(&[run([1.0; 5]), run([1.0; 9])], true);
        assert_eq!(curve.diverged_at, Some(5.0));
    }
}
