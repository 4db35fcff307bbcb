//! The section about the segmenter: the report's figure 11.

use image::DynamicImage;
use rayon::prelude::*;
use records::Segments;
use serde::Serialize;

use super::answer::{Answer, answer};
use super::images::shrunk;
use crate::faults::{Faults, guarded};
use crate::overlay;
use crate::study::{Cell, Study};
use crate::verdicts::{self, Score};

/// With more cells than this the page would be too large: their overlays are in
/// plots/segmentation.png.
const OVERLAYS: usize = 72;
/// The side of an overlay, in pixels, and its size in bytes.
const SIDE: u32 = 224;
const ROOM: usize = 14_000;

/// The section.
#[derive(Serialize)]
pub(super) struct Segmentation {
    right: usize,
    of: usize,
    legend: Vec<Swatch>,
    rows: Vec<Row>,
    /// True if the overlays are on the page.
    overlays: bool,
}

#[derive(Serialize)]
struct Swatch {
    /// Color in CSS notation.
    color: String,
    class: String,
}

/// A prompt (with its seed and further axes).
#[derive(Serialize)]
struct Row {
    prompt: String,
    note: String,
    places: Vec<Option<Place>>,
}

/// Segments found in an image.
#[derive(Serialize)]
struct Place {
    optimizer: String,
    /// The largest class, if there is any but the background.
    largest: Option<Answer>,
    overlay: Option<Overlay>,
}

/// An image under its mask.
#[derive(Serialize)]
pub(super) struct Overlay {
    source: String,
    pixels: bool,
}

impl Segmentation {
    /// Nothing where no image has been segmented.
    pub(super) fn of(study: &Study, faults: &Faults) -> Option<Self> {
        let segmented = |cell: &&Cell| cell.evaluation.as_ref().is_some_and(|e| e.segments.is_some());
        let count = study.cells.iter().filter(segmented).count();
        if count == 0 {
            return None;
        }
        let Score { right, of } = verdicts::segments_right(study);
        let swatch = |(index, class): (u8, String)| {
            let [red, green, blue] = records::voc_color(index);
            Swatch { color: format!("rgb({red} {green} {blue})"), class }
        };
        let overlays = count <= OVERLAYS;
        let rows = study.runs().into_par_iter().map(|run| row(study, run, overlays, faults));
        Some(Self {
            right,
            of,
            legend: overlay::classes(study).into_iter().map(swatch).collect(),
            rows: rows.collect(),
            overlays,
        })
    }
}

fn row(study: &Study, run: (usize, u64), overlays: bool, faults: &Faults) -> Row {
    let place = |optimizer: usize| {
        let cell = study.cell(run, optimizer)?;
        let segments = cell.evaluation.as_ref()?.segments.as_ref()?;
        Some(Place {
            optimizer: study.optimizers[optimizer].clone(),
            largest: largest(segments),
            overlay: if overlays { of_cell(cell, faults) } else { None },
        })
    };
    Row {
        prompt: study.prompts[study.rows[run.0].prompt].text.clone(),
        note: study.notes(run.0, run.1).join(", "),
        places: (0..study.optimizers.len()).map(place).collect(),
    }
}

fn largest(segments: &Segments) -> Option<Answer> {
    segments.largest().map(|share| answer(&share.class, share.share, segments.is_right()))
}

/// The final image of `cell` under its mask, if it has been segmented.
pub(super) fn of_cell(cell: &Cell, faults: &Faults) -> Option<Overlay> {
    let drawn = guarded(|| {
        let Some(image) = overlay::of_cell(cell)? else { return Ok(None) };
        let pixels = image.width() < SIDE;
        Ok(Some(Overlay { source: shrunk(&DynamicImage::from(image), SIDE, ROOM)?, pixels }))
    });
    faults.keep("report.html", drawn).flatten()
}
