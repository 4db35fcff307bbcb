use std::io;
use std::path::PathBuf;

use plotters::drawing::DrawingAreaErrorKind;
use resvg::usvg;
use thiserror::Error;

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
    #[error("a fault of this program ended the drawing: {message}")]
    Panicked { message: String },
    #[error("failed to read the image `{}`", path.display())]
    Image { path: PathBuf, source: image::ImageError },
}
