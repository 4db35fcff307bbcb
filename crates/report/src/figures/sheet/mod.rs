//! Sheets of images with labels.

mod grid;
mod legend;
mod pages;
mod pixels;
mod words;

use std::path::{Path, PathBuf};

use image::RgbImage;
use records::RecordError;

use self::grid::BELOW;
use self::pages::Page;
use self::pixels::draw;
use super::overlay::overlay;
use super::{Figure, Write, encode};
use crate::draw::raster::Rasterizer;
use crate::draw::{DrawError, image_size, read_image};
use crate::faults::{Faults, guarded};

/// Images in rows and columns.
pub(super) struct Sheet {
    pub(super) name: &'static str,
    pub(super) title: String,
    pub(super) subtitle: String,
    pub(super) columns: Vec<String>,
    pub(super) rows: Vec<Row>,
    /// The side of every image on the sheet, in pixels.
    pub(super) side: i32,
    /// Colors and what they mean.
    pub(super) legend: Vec<([u8; 3], String)>,
}

/// A row with its label.
pub(super) struct Row {
    pub(super) heading: String,
    pub(super) notes: Vec<String>,
    pub(super) places: Vec<Place>,
}

/// Content of one grid cell of a row.
pub(super) enum Place {
    Image {
        path: PathBuf,
        below: String,
    },
    /// An image under a mask's colors.
    Masked {
        image: PathBuf,
        mask: PathBuf,
        below: String,
    },
    Empty(String),
}

impl Sheet {
    /// Draws the sheet, on as many pages as it takes, and hands them to `write`.
    pub(super) fn make(
        &self,
        rasterizer: &Rasterizer,
        faults: &Faults,
        write: Write,
    ) -> Result<Vec<Figure>, RecordError> {
        let mut figures = Vec::new();
        for page in self.pages() {
            let png = guarded(|| encode(&draw(self, &page, rasterizer, faults)?));
            let Page { name, title, .. } = page;
            let Some(png) = faults.keep(&format!("plots/{name}"), png) else { continue };
            write(&Path::new("plots").join(format!("{name}.png")), &png)?;
            figures.push(Figure { group: name.clone(), name, title, prompt: None, plot: None });
        }
        Ok(figures)
    }

    /// Room below each image of `rows`.
    fn below(rows: &[Row]) -> i32 {
        let words_below = |place: &Place| place.below().is_some_and(|below| !below.is_empty());
        if rows.iter().flat_map(|row| &row.places).any(words_below) { BELOW } else { 0 }
    }
}

/// A side for images like the first of `paths` that can be read: large enough to be seen (small
/// ones grow by whole factors), at most `largest`.
pub(super) fn side_of<'p>(paths: impl IntoIterator<Item = &'p PathBuf>, largest: u32) -> i32 {
    match paths.into_iter().find_map(|path| image_size(path).ok()) {
        Some((side @ 0..160, _)) => (side * 160_u32.div_ceil(side.max(1))) as i32,
        Some((side, _)) => side.min(largest) as i32,
        None => 160,
    }
}

impl Place {
    fn below(&self) -> Option<&str> {
        match self {
            Self::Image { below, .. } | Self::Masked { below, .. } => Some(below),
            Self::Empty(_) => None,
        }
    }

    fn picture(&self) -> Result<Option<RgbImage>, DrawError> {
        match self {
            Self::Image { path, .. } => read_image(path).map(Some),
            Self::Masked { image, mask, .. } => overlay(image, mask).map(Some),
            Self::Empty(_) => Ok(None),
        }
    }
}
