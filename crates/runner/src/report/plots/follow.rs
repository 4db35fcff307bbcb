//! Which loss the picture follows: the loss that the optimizer saw last beside the similarity of the image that is shown.
//!
//! The report found that a lower converged loss need not be a better image. Between the two stand the cutouts (the loss sees
//! random parts, the judge the whole image), the averaging of the latents, and the wording (prompt and class name).

use super::DrawError;
use super::chart::{Axes, Line, Stem};
use super::curve::{Curve, smoothing_window};
use super::curves::{Drawing, looks};
use super::figure::{Layout, figure};
use super::text::{bold, fit};
use crate::report::stats::{mean, spearman};
use crate::report::study::{Cell, Study};

const NAME: &str = "loss-and-image";
const TITLE: &str = "Does a lower loss make a better image?";

/// The figure; nothing if no cell finished.
pub(super) fn draw(study: &Study) -> Result<Option<Drawing>, DrawError> {
    let prompts: Vec<usize> =
        (0..study.prompts.len()).filter(|&prompt| points(study, prompt).next().is_some()).collect();
    let panels: Vec<_> =
        prompts.iter().map(|&prompt| (Some(heading(study, prompt)), lines(study, prompt))).collect();
    let Some(axes) = axes(panels.iter().flat_map(|(_, lines)| lines)) else { return Ok(None) };
    let used = |optimizer: &usize| {
        study.cells.iter().any(|cell| cell.optimizer == *optimizer && point(cell).is_some())
    };
    let legend = (0..study.optimizers.len())
        .filter(used)
        .map(|n| (looks(study)[n], study.optimizers[n].clone()))
        .collect();
    let layout = Layout {
        title: TITLE,
        subtitle: &study.subtitle(),
        caption: "Signs: the final image (averaged latents); the stem ends at the live latents. If the image followed the loss, \
                  left would be high.",
        axes,
        panels,
        legend,
    };
    let (svg, size) = figure(&layout)?;
    Ok(Some(Drawing { name: NAME.to_owned(), title: TITLE.to_owned(), svg, size }))
}

/// The prompt, with the rank correlation of falling loss and rising similarity: 1 if the image follows the loss.
fn heading(study: &Study, prompt: usize) -> String {
    let text = fit(&study.prompts[prompt].text, &bold(17), 150); // so that the correlation has room
    let (losses, similarities): (Vec<f64>, Vec<f64>) =
        points(study, prompt).map(|(_, stem)| (-stem.x, stem.y)).unzip();
    match spearman(&losses, &similarities) {
        Some(correlation) => format!("{text} (rank correlation {correlation:.2})").replace('-', "−"),
        None => text,
    }
}

fn points(study: &Study, prompt: usize) -> impl Iterator<Item = (usize, Stem)> {
    let cells = study.cells.iter().filter(move |cell| study.rows[cell.row].prompt == prompt);
    cells.filter_map(|cell| point(cell).map(|stem| (cell.optimizer, stem)))
}

/// The mean similarity loss / 100 of the last steps, and the similarities of the averaged and of the live latents' image.
fn point(cell: &Cell) -> Option<Stem> {
    let outcome = cell.outcome()?;
    let window = smoothing_window(cell.trace.len()) as usize;
    let last = &cell.trace[cell.trace.len().saturating_sub(window)..];
    let losses: Vec<f64> = last.iter().map(|row| -row.similarity()).filter(|loss| loss.is_finite()).collect();
    let x = mean(&losses)?;
    Some(Stem { x, y: 100.0 * outcome.similarity_averaged, end: 100.0 * outcome.similarity_live })
}

fn lines(study: &Study, prompt: usize) -> Vec<Line> {
    let looks = looks(study);
    let stems = |optimizer: usize| {
        points(study, prompt).filter(move |(of, _)| *of == optimizer).map(|(_, stem)| stem).collect()
    };
    (0..study.optimizers.len())
        .map(|optimizer| Line { look: looks[optimizer], curve: Curve::default(), stems: stems(optimizer) })
        .collect()
}

fn axes<'a>(lines: impl Iterator<Item = &'a Line>) -> Option<Axes> {
    let stems: Vec<&Stem> = lines.flat_map(|line| &line.stems).collect();
    let x = range(stems.iter().map(|stem| stem.x))?;
    let y = range(stems.iter().flat_map(|stem| [stem.y, stem.end]))?;
    Some(Axes {
        x_title: "last similarity loss / 100".to_owned(),
        y_title: "100 × cosine of the image".to_owned(),
        x,
        y,
    })
}

fn range(values: impl Iterator<Item = f64> + Clone) -> Option<(f64, f64)> {
    let (low, high) = (values.clone().reduce(f64::min)?, values.reduce(f64::max)?);
    let room = ((high - low) * 0.08).max(1e-3);
    Some((low - room, high + room))
}
