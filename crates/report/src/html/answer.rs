//! Judges' answers, as the page shows them.

use records::{Guess, Right, Verdict};
use serde::Serialize;

/// A name with its share, and whether it is the right one.
#[derive(Clone, Serialize)]
pub(super) struct Answer {
    name: String,
    percent: String,
    /// Absent where it is wrong, and where there is no right one.
    #[serde(skip_serializing_if = "is_not_true")]
    right: Option<bool>,
}

fn is_not_true(right: &Option<bool>) -> bool {
    *right != Some(true)
}

pub(super) fn answer(name: &str, share: f64, right: Option<bool>) -> Answer {
    Answer { name: name.to_owned(), percent: percent(share), right }
}

/// The label at a place, counted from 0.
pub(super) fn label(verdict: &Verdict, place: usize, right_label: Option<&str>) -> Option<Answer> {
    let guess: &Guess = verdict.nearest.get(place)?;
    Some(answer(&guess.label, guess.probability, right_label.map(|right| right == guess.label)))
}

/// A share in percent, as the report's table 1 has it.
pub(super) fn percent(share: f64) -> String {
    format!("{:.2} %", 100.0 * share)
}

/// Rank of the right label in words.
pub(super) fn standing(right: Right, labels: usize) -> String {
    format!("place {} of {labels}, {}", right.rank, percent(right.probability))
}
