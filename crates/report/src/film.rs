//! The frames of a cell side by side in one image: what the page's step slider shows.

use image::codecs::jpeg::JpegEncoder;
use image::imageops::{self, FilterType};
use image::{GenericImage as _, RgbImage};
use serde::Serialize;

use super::draw::DrawError;

/// Frames of a cell, from left to right.
#[derive(Debug, PartialEq)]
pub(super) struct Film {
    /// The steps after which they were saved.
    pub(super) steps: Vec<u32>,
    pub(super) jpeg: Vec<u8>,
}

/// Number and side of the frames.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
struct Size {
    frames: usize,
    side: u32,
}

/// Sizes that are tried; the first that fits is used. Sides are multiples of JPEG's blocks, so that
/// no frame shows at the edge of another.
const SIZES: [Size; 5] = [
    Size { frames: 40, side: 96 },
    Size { frames: 40, side: 64 },
    Size { frames: 24, side: 64 },
    Size { frames: 16, side: 64 },
    Size { frames: 10, side: 48 },
];
const BLOCK: u32 = 8;
const QUALITY: u8 = 78;
/// Bytes of a pixel below which no picture gets.
const LEAST: f64 = 0.05;

/// The largest film of `images` that takes at most `room` bytes, if there is one.
pub(super) fn film(images: &[(u32, RgbImage)], room: usize) -> Result<Option<Film>, DrawError> {
    let widest = images.iter().map(|(_, image)| image.width()).max().unwrap_or(0);
    let mut tried = None;
    for Size { frames, side } in SIZES {
        let size = Size { frames: frames.min(images.len()), side: side.min(widest.next_multiple_of(BLOCK)) };
        let pixels = size.frames as f64 * f64::from(size.side * size.side);
        if size.frames < 2 || tried.replace(size) == Some(size) || (room as f64) < LEAST * pixels {
            continue;
        }
        let film = encoded(images, size)?;
        if film.jpeg.len() <= room {
            return Ok(Some(film));
        }
    }
    Ok(None)
}

fn encoded(images: &[(u32, RgbImage)], Size { frames, side }: Size) -> Result<Film, DrawError> {
    let failed = |source| DrawError::Encode { source: Box::new(source) };
    let chosen = (0..frames).map(|n| &images[n * (images.len() - 1) / (frames - 1)]);
    let mut strip = RgbImage::new(side * frames as u32, side);
    let mut steps = Vec::new();
    for (left, (step, image)) in (0..).step_by(side as usize).zip(chosen) {
        let fitted = imageops::resize(image, side, side, FilterType::Triangle);
        strip.copy_from(&fitted, left, 0).map_err(failed)?;
        steps.push(*step);
    }
    let mut jpeg = Vec::new();
    strip.write_with_encoder(JpegEncoder::new_with_quality(&mut jpeg, QUALITY)).map_err(failed)?;
    Ok(Film { steps, jpeg })
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::Rgb;

    /// Each of one gray, a little brighter than the one before.
    fn grays(side: u32, frames: u32) -> Vec<(u32, RgbImage)> {
        let gray = |n: u32| RgbImage::from_pixel(side, side, Rgb([(n * 200 / frames) as u8; 3]));
        (0..frames).map(|n| (50 * (n + 1), gray(n))).collect()
    }

    #[test]
    fn every_frame_is_in_its_place_and_none_bleeds_into_the_next() {
        let images = grays(64, 20);
        let film = film(&images, 100_000).unwrap().unwrap();
        assert_eq!(film.steps, images.iter().map(|(step, _)| *step).collect::<Vec<_>>());
        let strip = image::load_from_memory(&film.jpeg).unwrap().to_rgb8();
        assert_eq!(strip.dimensions(), (20 * 64, 64));
        for (n, (_, image)) in (0..).zip(&images) {
            for x in [0, 32, 63] {
                let (drawn, meant) = (strip.get_pixel(64 * n + x, 63).0[0], image.get_pixel(0, 0).0[0]);
                assert!(drawn.abs_diff(meant) <= 2, "{n} {x}: {drawn} {meant}");
            }
        }
    }

    #[test]
    fn less_room_means_fewer_frames_with_the_first_and_the_last_and_then_none() {
        let images = grays(512, 40);
        let most = film(&images, usize::MAX).unwrap().unwrap();
        let fewer = film(&images, most.jpeg.len() / 3).unwrap().unwrap();
        assert!(fewer.jpeg.len() <= most.jpeg.len() / 3 && fewer.steps.len() < 40);
        assert_eq!((fewer.steps.first(), fewer.steps.last()), (Some(&50), Some(&2000)));
        assert_eq!(film(&images, 100).unwrap(), None);
        assert_eq!(film(&images[..1], usize::MAX).unwrap(), None);
    }
}
