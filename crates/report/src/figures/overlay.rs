//! An image with the segmenter's mask laid over it.

use std::path::Path;

use image::imageops::{self, FilterType};
use image::{Rgb, RgbImage};
use records::Share;

use crate::draw::{DrawError, read_image};
use crate::study::{Cell, Study};

/// Opacity of the mask's color in an overlay.
const OPACITY: f32 = 0.55;
/// The color of the background, which covers nothing.
const BACKGROUND: Rgb<u8> = Rgb([0; 3]);

/// The final image of `cell` under the colors of its mask; nothing if it has not been segmented.
pub(crate) fn of_cell(cell: &Cell) -> Result<Option<RgbImage>, DrawError> {
    let segmented = cell.evaluation.as_ref().is_some_and(|evaluation| evaluation.segments.is_some());
    segmented.then(|| overlay(&cell.final_image, &cell.mask)).transpose()
}

/// The image at `image` under the colors of the mask at `mask`.
pub(crate) fn overlay(image: &Path, mask: &Path) -> Result<RgbImage, DrawError> {
    let mut image = read_image(image)?;
    let mut mask = read_image(mask)?;
    if mask.dimensions() != image.dimensions() {
        mask = imageops::resize(&mask, image.width(), image.height(), FilterType::Nearest);
    }
    for (pixel, color) in image.pixels_mut().zip(mask.pixels()).filter(|(_, color)| **color != BACKGROUND) {
        for (value, over) in pixel.0.iter_mut().zip(color.0) {
            *value = (f32::from(*value) * (1.0 - OPACITY) + f32::from(over) * OPACITY).round() as u8;
        }
    }
    Ok(image)
}

/// The classes that occur in `study`, by their numbers, without the background: what a legend
/// explains.
pub(crate) fn classes(study: &Study) -> Vec<(u8, String)> {
    let shares =
        |cell: &Cell| cell.evaluation.as_ref()?.segments.as_ref().map(|segments| segments.shares.clone());
    let of = |Share { class, index, .. }: Share| (index, class);
    let mut classes: Vec<_> = study.cells.iter().filter_map(shares).flatten().map(of).collect();
    classes.sort();
    classes.dedup();
    classes.retain(|(index, _)| *index != 0);
    classes
}
