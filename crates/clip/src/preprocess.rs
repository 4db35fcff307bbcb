use image::DynamicImage;
use tch::Tensor;

use crate::{
    normalize,
    resize::{Bitmap, Span, bicubic, nearest},
    samples::in_8_bits,
};

/// Preprocesses an image for the image tower: its middle square, `[3, size, size]`, normalized.
///
/// To the last bit what `clip/clip.py`'s `_transform` makes of the same pixels with Pillow 13: the
/// shorter side resized to `size`, bicubic with antialiasing, colors weighted by their opacity;
/// then the middle cut out and opacity dropped. Deep colors lose their lower 8 bits, and so does
/// deep gray, which is there white above 255 of 65,535.
///
/// # Panics
/// When the image has no pixels, or `size` is no size.
pub fn preprocess(image: &DynamicImage, size: i64) -> Tensor {
    with_bitmap(image, |bitmap| {
        let square = square(bitmap, size, bicubic);
        to_tensor(&if bitmap.has_opacity() { without_opacity(&square) } else { square })
    })
}

/// Preprocesses as [`preprocess`], but resizes to the nearest pixel.
pub(crate) fn nearest_to(image: &DynamicImage, size: i64) -> Tensor {
    with_bitmap(image, |bitmap| to_tensor(&square(bitmap, size, nearest)))
}

/// The samples, as Pillow reads them: in 8 bits.
fn with_bitmap<T>(image: &DynamicImage, look: impl FnOnce(&Bitmap<'_>) -> T) -> T {
    let reduced;
    let image = match image {
        DynamicImage::ImageLuma8(_)
        | DynamicImage::ImageLumaA8(_)
        | DynamicImage::ImageRgb8(_)
        | DynamicImage::ImageRgba8(_) => image,
        deep => {
            reduced = in_8_bits(deep.clone());
            &reduced
        }
    };
    look(&Bitmap {
        width: image.width() as usize,
        height: image.height() as usize,
        channels: usize::from(image.color().channel_count()),
        samples: image.as_bytes().into(),
    })
}

/// The middle square of the image whose shorter side was resized to `size` (torchvision's `Resize`
/// and `CenterCrop`).
fn square(
    image: &Bitmap<'_>,
    size: i64,
    resize: impl Fn(&Bitmap<'_>, Span, Span) -> Bitmap<'static>,
) -> Bitmap<'static> {
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

fn without_opacity(image: &Bitmap<'_>) -> Bitmap<'static> {
    let mut samples = Vec::with_capacity(image.samples.len());
    for pixel in image.samples.chunks_exact(image.channels) {
        let Some((&opacity, colors)) = pixel.split_last() else { continue };
        let divisor = if opacity == 0 { 255 } else { u16::from(opacity) }; // nothing is left to restore
        samples.extend(colors.iter().map(|&color| (255 * u16::from(color) / divisor).min(255) as u8));
    }
    Bitmap { samples: samples.into(), channels: image.channels - 1, ..*image }
}

/// Gray or colored samples to `[3, height, width]`, normalized.
fn to_tensor(image: &Bitmap<'_>) -> Tensor {
    let shape = [image.height as i64, image.width as i64, image.channels as i64];
    let samples: Vec<f32> = image.samples.iter().map(|&sample| f32::from(sample) / 255.0).collect();
    let pixels = Tensor::from_slice(&samples).view(shape).permute([2, 0, 1]);
    normalize(&pixels.expand([3, shape[0], shape[1]], false))
}
