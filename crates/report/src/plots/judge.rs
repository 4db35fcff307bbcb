//! The held-out judge's similarity of every image beside the perceptor's: an image that only fools its own CLIP lies low.

use super::DrawError;
use super::chart::Stem;
use super::curves::Drawing;
use super::scatter::Scatter;
use crate::study::{Cell, Study};
use crate::verdicts::similarities;

/// The figure's name.
pub(crate) const NAME: &str = "judge";

const JUDGE: Scatter = Scatter {
    name: NAME,
    title: "Does a judge agree that no dream has seen?",
    caption: "Every sign is a final image; both figures are 100 × its cosine with its class name.",
    x_title: |_| "100 × cosine, perceptor".to_owned(),
    y_title: "100 × cosine, judge",
    stem,
    correlated: Some(|stem| (stem.x, stem.y)),
};

/// The figure; nothing if no image was judged by both.
pub(super) fn draw(study: &Study) -> Result<Option<Drawing>, DrawError> {
    JUDGE.draw(study)
}

fn stem(cell: &Cell) -> Option<Stem> {
    similarities(cell).map(|(x, y)| Stem { x, y, end: (x, y) })
}
