//! Images as part of the page.

use std::io::Cursor;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use image::codecs::jpeg::JpegEncoder;
use image::imageops::FilterType;
use image::{DynamicImage, ImageFormat};

use crate::draw::{DrawError, read_image};

/// Total size of a page's images, in bytes before base64.
const BUDGET: usize = 5_000_000;
/// No image needs more.
const ENOUGH: usize = 120_000;

/// An image within the page.
pub(super) struct Embedded {
    /// A `data:` address: letters, digits and `+/=:;,`, which the templates need not escape.
    pub(super) source: String,
    /// The side of the image in the results folder, in pixels.
    pub(super) side: u32,
}

/// The image at `path`, in a size that lets `images` of them fit into a page.
pub(super) fn embed(path: &Path, images: usize) -> Result<Embedded, DrawError> {
    let image = DynamicImage::from(read_image(path)?);
    let room = (BUDGET / images.max(1)).min(ENOUGH);
    let (kind, bytes) = encode(&image, room)?;
    Ok(Embedded { source: data_address(kind, &bytes), side: image.width() })
}

/// `image`, at most `side` pixels wide, in at most `room` bytes before base64.
pub(super) fn shrunk(image: &DynamicImage, side: u32, room: usize) -> Result<String, DrawError> {
    let small = (side < image.width()).then(|| image.resize(side, side, FilterType::Lanczos3));
    let (kind, bytes) = encode(small.as_ref().unwrap_or(image), room)?;
    Ok(data_address(kind, &bytes))
}

/// `bytes` as an address.
pub(super) fn data_address(kind: &str, bytes: &[u8]) -> String {
    format!("data:{kind};base64,{}", STANDARD.encode(bytes))
}

/// Encodes as PNG if there is room, else as JPEG, else at half the side, and so on.
fn encode(image: &DynamicImage, room: usize) -> Result<(&'static str, Vec<u8>), DrawError> {
    let failed = |source| DrawError::Encode { source: Box::new(source) };
    let mut png = Cursor::new(Vec::new());
    image.write_to(&mut png, ImageFormat::Png).map_err(failed)?;
    if png.get_ref().len() <= room {
        return Ok(("image/png", png.into_inner()));
    }
    let mut smaller = image.clone();
    loop {
        let mut jpeg = Vec::new();
        smaller.write_with_encoder(JpegEncoder::new_with_quality(&mut jpeg, 88)).map_err(failed)?;
        if jpeg.len() <= room || smaller.width() < 64 {
            return Ok(("image/jpeg", jpeg));
        }
        smaller = smaller.resize(smaller.width() / 2, smaller.height() / 2, FilterType::Lanczos3);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::{Rgb, RgbImage};

    /// Noise, which no encoder makes small.
    fn noise(side: u32) -> DynamicImage {
        let mut state = 1_u32;
        DynamicImage::from(RgbImage::from_fn(side, side, |_, _| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            Rgb([(state >> 24) as u8, (state >> 16) as u8, (state >> 8) as u8])
        }))
    }

    #[test]
    fn a_small_image_stays_exact_and_a_large_one_shrinks_into_its_room() {
        let small = noise(16);
        let (kind, bytes) = encode(&small, 10_000).unwrap();
        assert_eq!(kind, "image/png");
        assert_eq!(image::load_from_memory(&bytes).unwrap(), small);

        let (kind, bytes) = encode(&noise(512), 60_000).unwrap();
        assert_eq!(kind, "image/jpeg");
        assert!(bytes.len() <= 60_000, "{}", bytes.len());
        assert!(128 <= image::load_from_memory(&bytes).unwrap().width());
    }
}
