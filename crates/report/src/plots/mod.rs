//! Figures: drawn once as SVG, then as PNG from that SVG.

mod chart;
mod curve;
mod curves;
mod figure;
mod follow;
mod images;
mod judge;
mod marker;
mod palette;
mod picture;
mod raster;
mod scatter;
mod segmentation;
mod sheet;
mod strips;
mod text;

use std::io;
use std::path::PathBuf;

use plotters::drawing::DrawingAreaErrorKind;
use plotters::prelude::{DrawingArea, SVGBackend};
use rayon::prelude::*;
use resvg::usvg;
use thiserror::Error;

pub(super) use self::curves::cell_curve;
pub(super) use self::judge::NAME as JUDGE;
pub(super) use self::picture::{read as read_image, size as image_size};

use self::curves::Drawing;
use self::raster::Rasterizer;
use super::study::Study;

/// What a figure is drawn on.
type Area<'a> = DrawingArea<SVGBackend<'a>, plotters::coord::Shift>;

/// A figure could not be drawn.
#[derive(Debug, Error)]
#[expect(missing_docs, reason = "the messages say it")]
pub enum DrawError {
    #[error("failed to draw")]
    Plot(#[from] DrawingAreaErrorKind<io::Error>),
    #[error("failed to turn the drawing into pixels")]
    Svg(#[from] usvg::Error),
    #[error("the figure is too large")]
    Size,
    #[error("failed to encode the figure as PNG")]
    Encode { source: Box<dyn std::error::Error + Send + Sync> },
    #[error("failed to read the image `{}`", path.display())]
    Image { path: PathBuf, source: image::ImageError },
}

/// A figure, ready to be written.
pub(super) struct Figure {
    /// Its name, without an ending.
    pub(super) name: String,
    pub(super) title: String,
    /// Width and height of the SVG.
    pub(super) size: (u32, u32),
    pub(super) svg: Option<String>,
    pub(super) png: Vec<u8>,
}

/// All figures, and what there is to say about them.
pub(super) struct Figures {
    pub(super) figures: Vec<Figure>,
    /// Letters of the prompts that no font on this machine has.
    pub(super) missing_letters: String,
}

/// Pixels of the PNG to a unit of the SVG: 960 units make 2,400 pixels, 20 cm in print at 300 dpi.
const PNG_SCALE: f32 = 2.5;

/// Draws all figures of `study`.
pub(super) fn draw(study: &Study) -> Result<Figures, DrawError> {
    let rasterizer = Rasterizer::new();
    let mut drawings = curves::draw(study)?;
    drawings.extend(follow::draw(study)?);
    drawings.extend(judge::draw(study)?);
    let mut figures = drawings
        .into_par_iter()
        .map(|drawing| {
            let png = encode(&rasterizer.draw(&drawing.svg, PNG_SCALE)?)?;
            let Drawing { name, title, svg, size } = drawing;
            Ok(Figure { name, title, size, svg: Some(svg), png })
        })
        .collect::<Result<Vec<_>, DrawError>>()?;
    figures.extend(images::draw(study, &rasterizer)?);
    figures.extend(segmentation::draw(study, &rasterizer)?);
    figures.extend(strips::draw(study, &rasterizer)?);
    Ok(Figures { figures, missing_letters: rasterizer.missing() })
}

fn encode(pixels: &resvg::tiny_skia::Pixmap) -> Result<Vec<u8>, DrawError> {
    pixels.encode_png().map_err(|error| DrawError::Encode { source: Box::new(error) })
}
