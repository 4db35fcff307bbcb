//! The held-out judge's similarity of every image beside the perceptor's: an image that only fools
//! its own CLIP lies low.

use super::Job;
use super::scatter::Scatter;
use crate::draw::chart::Point;
use crate::study::{Cell, Study};
use crate::verdicts::similarities;

/// The figure's name.
pub(crate) const NAME: &str = "judge";

static JUDGE: Scatter = Scatter {
    name: NAME,
    title: "Does a judge agree that no dream has seen?",
    caption: "Every sign is a final image; both figures are 100 × its cosine with its class name.",
    x_title: |_| "100 × cosine, perceptor".to_owned(),
    y_title: "100 × cosine, judge",
    stem,
    correlated: Some(|stem| (stem.x, stem.y)),
};

/// The figure; empty if no image was judged by both.
pub(super) fn job(study: &Study) -> Job<'_> {
    JUDGE.job(study)
}

fn stem(cell: &Cell) -> Option<Point> {
    similarities(cell).map(|(x, y)| Point { x, y, end: (x, y) })
}
