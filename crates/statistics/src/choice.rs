//! The score of tuning with fewer trials.

/// The expected score of the setting chosen after `trials` of all settings, tried in random order
/// without replacement.
///
/// `settings` are pairs (tuning score, test score): the setting with the highest tuning score among
/// those tried is chosen, and its test score counts. With the settings sorted by tuning score, best
/// first, it is Σ s₍ᵣ₎ · C(m − r, b − 1) / C(m, b), over r from 1.
///
/// `None` without trials, or with more than there are settings.
pub fn expected_choice(settings: &[(f64, f64)], trials: usize) -> Option<f64> {
    let m = settings.len();
    if trials == 0 || m < trials {
        return None;
    }
    let mut sorted = settings.to_vec();
    sorted.sort_by(|a, b| b.0.total_cmp(&a.0));
    let expected = sorted
        .iter()
        .zip(1..)
        .map(|((_, score), rank)| score * binomial(m - rank, trials - 1) / binomial(m, trials))
        .sum();
    Some(expected)
}

/// [`expected_choice`] by half of the blocks, scored on the other half, the halves swapped and
/// averaged: `scores[setting][block]`. Choosing and scoring on the same blocks would flatter.
///
/// `None` below two blocks, or where `trials` does not fit.
pub fn choice_over_halves(scores: &[Vec<f64>], trials: usize) -> Option<f64> {
    let blocks = scores.first()?.len();
    if blocks < 2 {
        return None;
    }
    let mean_of = |setting: &[f64], odd: usize| {
        let half: Vec<f64> = setting.iter().skip(odd).step_by(2).copied().collect();
        crate::moments::mean(&half).unwrap_or(f64::NAN)
    };
    let pairs = |odd: usize| -> Vec<(f64, f64)> {
        scores.iter().map(|setting| (mean_of(setting, odd), mean_of(setting, 1 - odd))).collect()
    };
    Some((expected_choice(&pairs(0), trials)? + expected_choice(&pairs(1), trials)?) / 2.0)
}

/// C(n, k) as a float; 0 where k is larger than n.
fn binomial(n: usize, k: usize) -> f64 {
    (0..k).map(|i| (n as f64 - i as f64) / (k - i) as f64).product()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_trials_find_better_settings() {
        let settings: Vec<(f64, f64)> = (1..=5).map(|n| (f64::from(n), f64::from(n))).collect();
        for (trials, want) in (1..).zip([3.0, 4.0, 4.5, 4.8, 5.0]) {
            assert!((expected_choice(&settings, trials).unwrap() - want).abs() < 1e-12, "{trials}");
        }
        assert_eq!(expected_choice(&settings, 0), None);
        assert_eq!(expected_choice(&settings, 6), None);
    }

    #[test]
    fn a_choice_is_scored_where_it_was_not_made() {
        let settings = [(5.0, 4.0), (4.0, 5.0), (3.0, 3.0), (2.0, 2.0), (1.0, 1.0)];
        for (trials, want) in (1..).zip([3.0, 3.9, 4.2, 4.2, 4.0]) {
            assert!((expected_choice(&settings, trials).unwrap() - want).abs() < 1e-12, "{trials}");
        }
    }

    #[test]
    fn halves_are_swapped() {
        // Even blocks prefer the first setting, odd ones the second: either choice scores 0.
        let scores = [vec![1.0, 0.0, 1.0, 0.0], vec![0.0, 1.0, 0.0, 1.0]];
        assert_eq!(choice_over_halves(&scores, 2), Some(0.0));
        assert_eq!(choice_over_halves(&scores, 1), Some(0.5));
    }
}
