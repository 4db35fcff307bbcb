use std::{
    fs::File,
    io::BufReader,
    path::{Path, PathBuf},
};

use image::{DynamicImage, ImageError};
use png::{BitDepth, ColorType};
use tch::Tensor;
use thiserror::Error;

use crate::{
    normalize,
    resize::{Bitmap, Span, bicubic, nearest},
};

/// Why a file is no image that CLIP can look at.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum PreprocessError {
    /// The file cannot be read, or is no image.
    #[error("failed to read image `{}`: PNG and JPEG files are known", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// The decoder's error.
        source: ImageError,
    },
}

/// Reads and preprocesses an image file for the image tower: `[3, size, size]`, normalized.
///
/// As [`preprocess`], but for what a decoded image no longer tells, and Pillow goes by: images with a
/// palette, and of black and white only, are resized to the nearest pixel, and one colour marked as
/// transparent is a colour like any other.
///
/// # Errors
/// When the file cannot be read, or is no PNG or JPEG image.
pub fn preprocess_file(path: &Path, size: i64) -> Result<Tensor, PreprocessError> {
    let fault = |source| PreprocessError::Read { path: path.to_owned(), source };
    let reader = image::ImageReader::open(path).and_then(image::ImageReader::with_guessed_format);
    let image = reader.map_err(|error| fault(error.into()))?.decode().map_err(fault)?;
    let Some((color, depth)) = png_header(path) else {
        return Ok(preprocess(&image, size));
    };
    let opaque = DynamicImage::ImageRgb8(image.to_rgb8());
    Ok(match (color, depth) {
        (ColorType::Indexed, _) | (ColorType::Grayscale, BitDepth::One) => {
            to_tensor(&square(&bitmap(&opaque), size, nearest))
        }
        (ColorType::Rgb | ColorType::Grayscale, BitDepth::Sixteen) => preprocess(&image, size),
        (ColorType::Rgb | ColorType::Grayscale, _) => preprocess(&opaque, size),
        _ => preprocess(&image, size),
    })
}

/// Preprocesses an image for the image tower: its middle square, `[3, size, size]`, normalized.
///
/// To the last bit what `clip/clip.py`'s `_transform` makes of the same pixels with Pillow 13: the shorter
/// side resized to `size`, bicubic with antialiasing, colours weighted by their opacity; then the middle cut
/// out and opacity dropped. Deep colours lose their lower 8 bits. Deep grey is, as there, white above 255 of
/// 65,535.
///
/// # Panics
/// When the image has no pixels, or `size` is no size.
pub fn preprocess(image: &DynamicImage, size: i64) -> Tensor {
    let bitmap = bitmap(image);
    if image.color().has_alpha() {
        return to_tensor(&without_opacity(&square(&premultiplied(bitmap), size, bicubic)));
    }
    to_tensor(&square(&bitmap, size, bicubic))
}

fn png_header(path: &Path) -> Option<(ColorType, BitDepth)> {
    let mut decoder = png::Decoder::new(BufReader::new(File::open(path).ok()?));
    let header = decoder.read_header_info().ok()?;
    Some((header.color_type, header.bit_depth))
}

/// The samples, as Pillow reads them: in 8 bits, but for deep grey.
fn bitmap(image: &DynamicImage) -> Bitmap {
    let low = |samples: &[u8]| samples.iter().copied().map(u16::from).collect();
    let high_bytes = |samples: &[u16]| samples.iter().map(|sample| sample >> 8).collect();
    let (channels, white, samples) = match image {
        DynamicImage::ImageLuma8(image) => (1, 255, low(image.as_raw())),
        DynamicImage::ImageLumaA8(image) => (2, 255, low(image.as_raw())),
        DynamicImage::ImageRgba8(image) => (4, 255, low(image.as_raw())),
        DynamicImage::ImageLuma16(image) => (1, u16::MAX, image.as_raw().clone()),
        DynamicImage::ImageLumaA16(image) => (2, 255, high_bytes(image.as_raw())),
        DynamicImage::ImageRgb16(image) => (3, 255, high_bytes(image.as_raw())),
        DynamicImage::ImageRgba16(image) => (4, 255, high_bytes(image.as_raw())),
        other => (3, 255, low(other.to_rgb8().as_raw())),
    };
    Bitmap { width: image.width() as usize, height: image.height() as usize, channels, samples, white }
}

/// The middle square of the image whose shorter side was resized to `size` (torchvision's `Resize` and
/// `CenterCrop`).
fn square(image: &Bitmap, size: i64, resize: impl Fn(&Bitmap, Span, Span) -> Bitmap) -> Bitmap {
    let size = usize::try_from(size).expect("the side of an image");
    let shorter = image.width.min(image.height);
    let span = |side: usize| {
        let full = size * side / shorter;
        Span { full, first: half_to_even(full - size), count: size }
    };
    resize(image, span(image.width), span(image.height))
}

/// Half of `n`, rounded as Python rounds.
fn half_to_even(n: usize) -> usize {
    let half = n / 2;
    if n % 2 == 1 { half + half % 2 } else { half }
}

/// Colours times opacity, which is the last channel; rounded as Pillow rounds.
fn premultiplied(mut image: Bitmap) -> Bitmap {
    for pixel in image.samples.chunks_exact_mut(image.channels) {
        let Some((opacity, colours)) = pixel.split_last_mut() else { continue };
        for colour in colours {
            let product = u32::from(*colour) * u32::from(*opacity) + 128;
            *colour = ((product + (product >> 8)) >> 8) as u16;
        }
    }
    image
}

fn without_opacity(image: &Bitmap) -> Bitmap {
    let mut samples = Vec::with_capacity(image.samples.len());
    for pixel in image.samples.chunks_exact(image.channels) {
        let Some((&opacity, colours)) = pixel.split_last() else { continue };
        let divisor = if opacity == 0 { 255 } else { opacity }; // nothing is left to restore
        samples.extend(colours.iter().map(|colour| (255 * colour / divisor).min(255)));
    }
    Bitmap { samples, channels: image.channels - 1, ..*image }
}

/// Grey or coloured samples to `[3, height, width]`, normalised.
fn to_tensor(image: &Bitmap) -> Tensor {
    let shape = [image.height as i64, image.width as i64, image.channels as i64];
    let samples: Vec<f32> = image.samples.iter().map(|&sample| f32::from(sample.min(255)) / 255.0).collect();
    let pixels = Tensor::from_slice(&samples).view(shape).permute([2, 0, 1]);
    normalize(&pixels.expand([3, shape[0], shape[1]], false))
}
