//! Which loss the picture follows: the loss that the optimizer saw last beside the similarity of
//! the image that is shown.
//!
//! The report found that a lower converged loss need not be a better image. Between the two stand
//! the cutouts (the loss sees random parts, the judge the whole image), the averaging of the
//! latents, and the wording (prompt and class name). The second figure takes the first two apart,
//! with the wording the same.

use super::Job;
use super::scatter::Scatter;
use crate::cosine::Cosines;
use crate::draw::chart::Point;
use crate::draw::curve::smoothing_window;
use crate::study::{Cell, Study};
use statistics::mean;

/// The correlation is of falling loss and rising similarity: 1 if the image follows the loss.
static LOSS: Scatter = Scatter {
    name: "loss-and-image",
    title: "Does a lower loss make a better image?",
    caption: "Signs: the final image (averaged latents); the stem ends at the live latents. If the image followed the loss, \
              left would be high.",
    x_title: Cosines::last_loss_axis,
    y_title: "100 × cosine of the image",
    stem: loss_and_image,
    correlated: Some(|stem| (-stem.x, stem.y)),
};

static CUTOUTS: Scatter = Scatter {
    name: "cutouts-and-whole",
    title: "What stands between the loss and the image?",
    caption: "Signs: averaged latents, whose whole image is judged; stems end at the live ones, whose cutouts the loss sees.",
    x_title: |_| "100 × cosine, random cutouts".to_owned(),
    y_title: "100 × cosine, whole image",
    stem: cutouts_and_whole,
    correlated: Some(|stem| (stem.end.0, stem.y)),
};

/// The figures; empty if no cell finished.
pub(super) fn jobs(study: &Study) -> [Job<'_>; 2] {
    [LOSS.job(study), CUTOUTS.job(study)]
}

/// The mean −cosine of the last steps, and the similarities of the averaged and of the live
/// latents' image.
fn loss_and_image(cell: &Cell) -> Option<Point> {
    let outcome = cell.outcome()?;
    let window = smoothing_window(cell.trace.len()) as usize;
    let last = &cell.trace[cell.trace.len().saturating_sub(window)..];
    let scale = cell.record.cosine_scale();
    let losses: Vec<f64> =
        last.iter().map(|row| -scale.cosine(row.loss.similarity)).filter(|loss| loss.is_finite()).collect();
    let x = mean(&losses)?;
    let (averaged, live) = (100.0 * outcome.similarity_averaged, 100.0 * outcome.similarity_live);
    Some(Point { x, y: averaged, end: (x, live) })
}

/// Cutouts and whole of the averaged latents' image, and of the live ones'.
fn cutouts_and_whole(cell: &Cell) -> Option<Point> {
    let outcome = cell.outcome()?;
    Some(Point {
        x: 100.0 * outcome.cutouts_averaged?,
        y: 100.0 * outcome.similarity_averaged,
        end: (100.0 * outcome.cutouts_live?, 100.0 * outcome.similarity_live),
    })
}
