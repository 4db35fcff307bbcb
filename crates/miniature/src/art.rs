use std::path::Path;

use image::{Rgba32FImage, imageops::FilterType};
use serde::{Deserialize, Serialize};
use tch::Tensor;

use crate::MiniatureError;

/// A set of emoji.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, clap::ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Style {
    /// Google's Noto Emoji, Apache-2.0.
    Noto,
    /// Twemoji, CC-BY-4.0.
    Twemoji,
    /// Microsoft's Fluent Emoji, three-dimensional, MIT.
    Fluent,
}

impl Style {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Noto, Self::Twemoji, Self::Fluent];

    fn file(self, codepoint: &str) -> String {
        match self {
            Self::Noto => format!("noto/{codepoint}.png"),
            Self::Twemoji => format!("twemoji/{codepoint}.png"),
            Self::Fluent => format!("fluent/{codepoint}.webp"),
        }
    }
}

/// A picture out of the folder that `fetch-data` fills: `[4, side, side]` in [0, 1]; red, green and
/// blue are already multiplied by the alpha channel, so that pictures can be resized and summed.
///
/// # Errors
/// When there is no such picture.
pub(crate) fn sprite(
    data: &Path,
    style: Style,
    codepoint: &str,
    side: u32,
) -> Result<Tensor, MiniatureError> {
    let path = data.join(style.file(codepoint));
    let mut picture =
        image::open(&path).map_err(|source| MiniatureError::Picture { path, source })?.into_rgba32f();
    for pixel in picture.pixels_mut() {
        let [red, green, blue, alpha] = pixel.0;
        pixel.0 = [red * alpha, green * alpha, blue * alpha, alpha];
    }
    Ok(to_tensor(&image::imageops::resize(&picture, side, side, FilterType::Triangle)))
}

fn to_tensor(picture: &Rgba32FImage) -> Tensor {
    let (width, height) = picture.dimensions();
    Tensor::from_slice(picture.as_raw())
        .view([i64::from(height), i64::from(width), 4])
        .permute([2, 0, 1])
        .contiguous()
        .clamp(0.0, 1.0)
}
