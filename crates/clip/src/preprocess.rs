use std::path::{Path, PathBuf};

use image::{DynamicImage, ImageError, imageops::FilterType};
use tch::{Kind, Tensor};
use thiserror::Error;

use crate::normalize;

/// Why a file is no image that CLIP can look at.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum PreprocessError {
    /// The file cannot be read, or is no image.
    #[error("failed to read image `{}`", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: ImageError,
    },
}

/// What the image tower sees of an image in a file: `[3, size, size]`, normalised. See [`preprocess`].
///
/// # Errors
/// When the file cannot be read, or is no PNG or JPEG image.
pub fn preprocess_file(path: &Path, size: i64) -> Result<Tensor, PreprocessError> {
    let image =
        image::open(path).map_err(|source| PreprocessError::Read { path: path.to_owned(), source })?;
    Ok(preprocess(&image, size))
}

/// What the image tower sees of an image: its middle square, `[3, size, size]`, normalised.
///
/// As `clip/clip.py`, `_transform`: the shorter side is resized to `size`, bicubic with antialiasing, then the middle cut out.
pub fn preprocess(image: &DynamicImage, size: i64) -> Tensor {
    let side = u32::try_from(size).expect("an image side");
    let pixels = image.resize_to_fill(side, side, FilterType::CatmullRom).to_rgb8();
    let pixels = Tensor::from_slice(pixels.as_raw()).view([size, size, 3]).permute([2, 0, 1]);
    normalize(&(pixels.to_kind(Kind::Float) / 255.0))
}
