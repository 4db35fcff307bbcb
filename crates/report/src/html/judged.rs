//! The judges' verdicts on one image, in its dialog.

use image::DynamicImage;
use records::{Segments, Verdict};
use serde::Serialize;

use super::answer::{Answer, answer, label, percent, standing};
use super::facts::{Fact, fact};
use super::images::shrunk;
use crate::faults::{Faults, guarded};
use crate::overlay;
use crate::study::Cell;

/// The side of an image under its mask, in pixels, and its size in bytes.
const SIDE: u32 = 224;
const ROOM: usize = 14_000;
/// Labels that are shown of each CLIP.
const NEAREST: usize = 5;

/// The judges' evaluation of an image.
#[derive(Serialize)]
pub(super) struct Judged {
    labels: usize,
    has_judge: bool,
    /// The nearest labels, the nearest first: the perceptor's and the judge's.
    nearest: Vec<(Option<Answer>, Option<Answer>)>,
    /// Places of names, and values.
    facts: Vec<(usize, String)>,
    overlay: Option<Overlay>,
    /// The largest class but for the background, if there is one.
    largest: Option<Answer>,
    /// The segments in words.
    segments: String,
}

/// An image under its mask.
#[derive(Serialize)]
struct Overlay {
    source: String,
    pixels: bool,
}

/// The judges' verdicts on the image of `cell`, if it was judged; with the mask on a page that has
/// the room; `place` knows where the name of a fact is.
pub(super) fn judged(
    cell: &Cell,
    detailed: bool,
    faults: &Faults,
    mut place: impl FnMut(String) -> usize,
) -> Option<Judged> {
    let evaluation = cell.evaluation.as_ref()?;
    let right = evaluation.right_label.as_deref();
    let at = |verdict: Option<&Verdict>, place| verdict.and_then(|verdict| label(verdict, place, right));
    let (perceptor, judge) = (&evaluation.perceptor, evaluation.judge.as_ref());
    let nearest = (0..NEAREST).map(|place| (at(Some(perceptor), place), at(judge, place)));
    Some(Judged {
        labels: evaluation.labels,
        has_judge: judge.is_some(),
        nearest: nearest.filter(|(perceptor, _)| perceptor.is_some()).collect(),
        facts: facts(evaluation.labels, right, perceptor, judge)
            .into_iter()
            .map(|fact| (place(fact.name), fact.value))
            .collect(),
        overlay: if detailed { masked(cell, faults) } else { None },
        largest: evaluation.segments.as_ref().and_then(largest),
        segments: evaluation.segments.as_ref().map(in_words).unwrap_or_default(),
    })
}

fn largest(segments: &Segments) -> Option<Answer> {
    segments.largest().map(|share| answer(&share.class, share.share, segments.is_right()))
}

/// The final image of `cell` under its mask, if it has been segmented.
fn masked(cell: &Cell, faults: &Faults) -> Option<Overlay> {
    let drawn = guarded(|| {
        let Some(image) = overlay::of_cell(cell)? else { return Ok(None) };
        let pixels = image.width() < SIDE;
        Ok(Some(Overlay { source: shrunk(&DynamicImage::from(image), SIDE, ROOM)?, pixels }))
    });
    faults.keep("report.html", drawn).flatten()
}

fn facts(labels: usize, right: Option<&str>, perceptor: &Verdict, judge: Option<&Verdict>) -> Vec<Fact> {
    let mut facts = vec![fact("Right label", right.unwrap_or("none of the labels"))];
    facts.extend(perceptor.right.map(|right| fact("for the perceptor", &standing(right, labels))));
    if let Some(judge) = judge {
        facts.extend(judge.right.map(|right| fact("for the held-out judge", &standing(right, labels))));
        let similarity = judge.similarity.map(|similarity| format!("{:.2}", 100.0 * similarity));
        let similarity = similarity.unwrap_or_else(|| "the text is too long for it".to_owned());
        facts.push(fact("Similarity × 100, held-out judge", &similarity));
    }
    facts
}

fn in_words(segments: &Segments) -> String {
    let shares = segments.shares.iter().map(|share| format!("{} {}", share.class, percent(share.share)));
    let shares = shares.collect::<Vec<_>>().join(", ");
    match (&segments.expected, segments.is_right()) {
        (Some(expected), Some(true)) => format!("{shares}: {expected} is the largest, as it should be."),
        (Some(expected), _) => format!("{shares}: {expected} should be the largest."),
        (None, _) => format!("{shares}. The prompt names no class of the segmenter's."),
    }
}
