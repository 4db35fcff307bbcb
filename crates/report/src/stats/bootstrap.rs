//! The bootstrap: would the ranking stand if other prompts and seeds had been drawn?

use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;

/// How many draws: the share "first in x %" is then within about a percentage point.
pub(crate) const DRAWS: usize = 10_000;

/// What became of one method over the draws.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Bootstrap {
    /// The share of draws in which its mean was the highest, in `[0, 1]`; a tie is shared.
    pub(crate) first: f64,
    /// The middle 95 % of its mean's lead over the best of the others (negative: it trails).
    pub(crate) lead: (f64, f64),
}

/// Draws prompts with replacement, then the runs of every drawn prompt with replacement, [`DRAWS`] times.
///
/// `blocks`: prompt × run × method, where a run is a seed under which every method was run: what is drawn is drawn for all
/// methods alike, since they share initial latents and cutouts. The draws are the same for the same shape of `blocks`.
pub(crate) fn bootstrap(blocks: &[Vec<Vec<f64>>]) -> Vec<Bootstrap> {
    let methods = blocks.first().and_then(|runs| runs.first()).map_or(0, Vec::len);
    let mut rng = ChaCha8Rng::seed_from_u64(0);
    let mut first = vec![0.0; methods];
    let mut leads = vec![Vec::with_capacity(DRAWS); methods];
    for _ in 0..DRAWS {
        let means = draw(blocks, methods, &mut rng);
        let best = means.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let winners = means.iter().filter(|mean| **mean == best).count() as f64;
        for (method, mean) in means.iter().enumerate() {
            first[method] += if *mean == best { 1.0 / winners } else { 0.0 };
            leads[method].push(lead(&means, method));
        }
    }
    let lead = leads.into_iter().map(middle_95);
    first.into_iter().zip(lead).map(|(first, lead)| Bootstrap { first: first / DRAWS as f64, lead }).collect()
}

/// The mean of every method over one draw of prompts and runs.
fn draw(blocks: &[Vec<Vec<f64>>], methods: usize, rng: &mut ChaCha8Rng) -> Vec<f64> {
    let mut sums = vec![0.0; methods];
    for _ in blocks {
        let runs = &blocks[rng.random_range(0..blocks.len())];
        for _ in runs {
            let run = &runs[rng.random_range(0..runs.len())];
            for (sum, score) in sums.iter_mut().zip(run) {
                *sum += score / runs.len() as f64;
            }
        }
    }
    sums.into_iter().map(|sum| sum / blocks.len() as f64).collect()
}

fn lead(means: &[f64], method: usize) -> f64 {
    let others = means.iter().enumerate().filter(|(other, _)| *other != method);
    let best = others.map(|(_, mean)| *mean).fold(f64::NEG_INFINITY, f64::max);
    // Where both diverged neither leads.
    if means[method] == best { 0.0 } else { means[method] - best }
}

fn middle_95(mut values: Vec<f64>) -> (f64, f64) {
    values.sort_by(f64::total_cmp);
    let at = |share: f64| values[((values.len() - 1) as f64 * share).round() as usize];
    (at(0.025), at(0.975))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::DIVERGED;

    fn one_run_each(blocks: &[&[f64]]) -> Vec<Vec<Vec<f64>>> {
        blocks.iter().map(|scores| vec![scores.to_vec()]).collect()
    }

    #[test]
    fn a_method_that_always_wins_is_always_first() {
        let got = bootstrap(&one_run_each(&[&[3.0, 1.0, 2.0], &[9.0, 2.0, 7.0]]));
        assert_eq!(got.iter().map(|method| method.first).collect::<Vec<_>>(), [1.0, 0.0, 0.0]);
        assert_eq!(got[0].lead, (1.0, 2.0));
    }

    /// Of three prompts drawn from three, the first method leads in the mean unless the third prompt, where it loses by 3,
    /// is drawn at all, or (with it drawn once) the two others are: P = (2/3)³ = 8/27.
    #[test]
    fn the_share_of_first_places_is_the_binomial_one() {
        let got = bootstrap(&one_run_each(&[&[1.0, 0.0], &[1.0, 0.0], &[0.0, 3.0]]));
        let want = 8.0 / 27.0;
        // Standard error of 10,000 draws: 0.0046.
        assert!((got[0].first - want).abs() < 0.015, "{got:?}");
        assert!((got[0].first + got[1].first - 1.0).abs() < 1e-12);
    }

    #[test]
    fn seeds_are_drawn_within_their_prompt() {
        // Two seeds that disagree: first 3/4 of the time a draw of two holds the winning one, and its win is larger.
        let got = bootstrap(&[vec![vec![5.0, 0.0], vec![0.0, 1.0]]]);
        assert!((got[0].first - 0.75).abs() < 0.015, "{got:?}");
    }

    #[test]
    fn a_diverged_method_is_never_first() {
        let got = bootstrap(&one_run_each(&[&[3.0, DIVERGED], &[4.0, 50.0]]));
        assert!(got[0].first > 0.7, "{got:?}");
        let all = bootstrap(&one_run_each(&[&[DIVERGED, DIVERGED]]));
        assert_eq!(all[0], Bootstrap { first: 0.5, lead: (0.0, 0.0) });
    }
}
