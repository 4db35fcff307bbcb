//! Lines, points, letters and images on paper: drawn as SVG, and turned into pixels from that.
pub(crate) mod chart;
pub(crate) mod curve;
mod error;
pub(crate) mod figure;
mod marker;
pub(crate) mod palette;
mod picture;
pub(crate) mod plot;
pub(crate) mod raster;
pub(crate) mod span;
pub(crate) mod text;

use plotters::prelude::{DrawingArea, SVGBackend};

pub use self::error::DrawError;
pub(crate) use self::picture::{read as read_image, size as image_size};

/// The paper that a figure is drawn on.
pub(crate) type Area<'a> = DrawingArea<SVGBackend<'a>, plotters::coord::Shift>;
