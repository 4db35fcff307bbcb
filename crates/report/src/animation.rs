//! Animated GIF of the images saved during a cell.

use std::path::PathBuf;

use gif::{Encoder, Frame, Repeat};
use image::RgbImage;
use image::imageops::{self, FilterType};
use quantette::deps::palette::cast::{ComponentsAs, IntoComponents};
use quantette::{ImageRef, Pipeline};
use rayon::prelude::*;
use records::RecordError;

use super::draw::{DrawError, image_size, read_image};
use super::faults::{Faults, guarded};
use super::film::{Film, film};
use super::study::{Cell, Study};

/// At most so many frames of at most so many pixels a side.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Size {
    frames: usize,
    side: u32,
}

/// Animation in a cell's folder: 2,000 steps save 40 images.
const WHOLE: Size = Size { frames: 40, side: 256 };
/// Side above which fewer images are used: they take long to read, and fewer show as much.
const SMALL_SIDE: u32 = 128;
const FRAMES_OF_LARGE: usize = 20;
/// Total size of a page's films, in bytes before base64; a film needs no more than the second.
const PAGE: usize = 3_600_000;
const ENOUGH: usize = 160_000;
/// Time that a frame is shown, in hundredths of a second.
const DELAY: u16 = 10;
/// The last one stays for longer.
const LAST_DELAY: u16 = 200;

/// A film of every cell for the page, in the order of cells: `None` for those that saved fewer than
/// two images, and where there is no room. `write` is given the animation of each cell as soon as
/// it is made.
pub(super) fn animations(
    study: &Study,
    faults: &Faults,
    write: impl Fn(&Cell, &[u8]) -> Result<(), RecordError> + Sync,
) -> Result<Vec<Option<Film>>, RecordError> {
    let room = (PAGE / study.cells.len().max(1)).min(ENOUGH);
    let animate = |cell: &Cell| -> Result<_, DrawError> {
        let Some(frames) = Frames::read(cell)? else { return Ok(None) };
        let whole = frames.encode(WHOLE)?;
        Ok(Some((whole, film(&frames.images, room)?)))
    };
    let animation = |cell: &Cell| {
        let what = format!("cells/{}/progress.gif", cell.record.id);
        let Some(Some((whole, film))) = faults.keep(&what, guarded(|| animate(cell))) else {
            return Ok(None);
        };
        write(cell, &whole)?;
        Ok(film)
    };
    study.cells.par_iter().map(animation).collect()
}

/// The images of a cell.
struct Frames {
    /// With their steps.
    images: Vec<(u32, RgbImage)>,
}

impl Frames {
    /// The images that `cell` saved on the way, if there are two at least, no larger than needed.
    fn read(cell: &Cell) -> Result<Option<Self>, DrawError> {
        let Some((_, first)) = cell.frames.first().filter(|_| 1 < cell.frames.len()) else { return Ok(None) };
        let small = image_size(first)?.0 <= SMALL_SIDE;
        let count = if small { WHOLE.frames } else { FRAMES_OF_LARGE };
        let image = |(step, path): &(u32, PathBuf)| Ok((*step, fitted(read_image(path)?, WHOLE.side)));
        let images = cell.some_frames(count).map(image).collect::<Result<_, DrawError>>()?;
        Ok(Some(Self { images }))
    }

    /// No more than there is.
    fn limited(&self, size: Size) -> Size {
        let side = self.images.iter().map(|(_, image)| image.width()).max().unwrap_or(0);
        Size { frames: size.frames.min(self.images.len()), side: size.side.min(side) }
    }

    fn encode(&self, size: Size) -> Result<Vec<u8>, DrawError> {
        let Size { frames, side } = self.limited(size);
        let last = self.images.len() - 1;
        let chosen = (0..frames).map(|n| &self.images[n * last / (frames - 1).max(1)].1);
        let mut bytes = Vec::new();
        let failed = |source: gif::EncodingError| DrawError::Encode { source: Box::new(source) };
        let mut encoder = Encoder::new(&mut bytes, side as u16, side as u16, &[]).map_err(failed)?;
        encoder.set_repeat(Repeat::Infinite).map_err(failed)?;
        for (place, image) in (1..).zip(chosen) {
            let image = fitted(image.clone(), side);
            let mut frame = indexed(&image);
            frame.delay = if place == frames { LAST_DELAY } else { DELAY };
            encoder.write_frame(&frame).map_err(failed)?;
        }
        drop(encoder); // writes the end
        Ok(bytes)
    }
}

/// `image` at `side` pixels, unless it is smaller.
fn fitted(image: RgbImage, side: u32) -> RgbImage {
    if image.width() <= side { image } else { imageops::resize(&image, side, side, FilterType::Triangle) }
}

/// `image` with the 256 colors that suit it best (Wu, "Efficient statistical computations for
/// optimal color quantization", Graphics Gems II, 1991): a small spot of a color of its own keeps
/// it.
fn indexed(image: &RgbImage) -> Frame<'static> {
    let (width, height) = image.dimensions();
    let pixels =
        ImageRef::new(width, height, image.as_raw().components_as()).expect("as many pixels as an image has");
    let (colors, indices) =
        Pipeline::new().ditherer(None).input_image(pixels).output_srgb8_indexed_image().into_parts();
    Frame::from_palette_pixels(width as u16, height as u16, indices, colors.into_components(), None)
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::Rgb;

    /// Red ever more, green from left to right.
    fn growing(side: u32, frames: u32) -> Frames {
        let image = |frame: u32| {
            RgbImage::from_fn(side, side, |x, _| {
                Rgb([(frame * 250 / frames) as u8, (x * 255 / side) as u8, 0])
            })
        };
        Frames { images: (0..frames).map(|frame| (frame, image(frame))).collect() }
    }

    fn decoded(bytes: &[u8]) -> Vec<(u16, RgbImage)> {
        let mut options = gif::DecodeOptions::new();
        options.set_color_output(gif::ColorOutput::RGBA);
        let mut decoder = options.read_info(bytes).unwrap();
        assert_eq!(decoder.repeat(), Repeat::Infinite);
        let mut frames = Vec::new();
        while let Some(frame) = decoder.read_next_frame().unwrap() {
            let rgb = frame.buffer.chunks(4).flat_map(|pixel| pixel[..3].to_vec()).collect();
            let (width, height) = (u32::from(frame.width), u32::from(frame.height));
            frames.push((frame.delay, RgbImage::from_raw(width, height, rgb).unwrap()));
        }
        frames
    }

    /// The mean difference of a channel between two images, of 0 to 255.
    fn apart(one: &RgbImage, other: &RgbImage) -> f64 {
        assert_eq!(one.dimensions(), other.dimensions());
        let sum: u32 = one.as_raw().iter().zip(other.as_raw()).map(|(a, b)| u32::from(a.abs_diff(*b))).sum();
        f64::from(sum) / one.as_raw().len() as f64
    }

    /// Which of the images was drawn.
    fn shown(animation: &Frames, drawn: &RgbImage) -> usize {
        let difference = |&n: &usize| apart(drawn, &animation.images[n].1);
        (0..animation.images.len()).min_by(|a, b| difference(a).total_cmp(&difference(b))).unwrap()
    }

    #[test]
    fn small_images_are_all_there() {
        let animation = growing(32, 10);
        let bytes = animation.encode(WHOLE).unwrap();
        let frames = decoded(&bytes);
        let shown: Vec<_> = frames.iter().map(|(_, drawn)| shown(&animation, drawn)).collect();
        assert_eq!(shown, (0..10).collect::<Vec<_>>());
        assert_eq!(
            frames.iter().map(|(delay, _)| *delay).collect::<Vec<_>>(),
            [&[10; 9][..], &[200]].concat()
        );
        assert_eq!(animation.encode(WHOLE).unwrap(), bytes);
    }

    #[test]
    fn a_small_spot_keeps_its_color() {
        let orange = Rgb([230, 140, 60]);
        let spot = |x: u32, y: u32| (20..23).contains(&x) && (10..12).contains(&y);
        let ground =
            |x: u32, y: u32| Rgb([220 + (x / 4) as u8, 150 + (y / 2) as u8, 230 + ((x + y) / 8) as u8]);
        let image = RgbImage::from_fn(64, 64, |x, y| if spot(x, y) { orange } else { ground(x, y) });
        let frames = decoded(&Frames { images: vec![(1, image.clone()); 2] }.encode(WHOLE).unwrap());
        let (drawn, other) = (frames[0].1.get_pixel(21, 11).0, apart(&frames[0].1, &image));
        assert!(drawn.iter().zip(orange.0).all(|(a, b)| a.abs_diff(b) <= 2), "{drawn:?}");
        assert!(other < 3.0, "{other}");
    }

    #[test]
    fn large_images_are_scaled_down() {
        let frames = decoded(&growing(300, 2).encode(WHOLE).unwrap());
        assert_eq!(frames[0].1.dimensions(), (256, 256));
        let middle = frames[1].1.get_pixel(128, 128).0;
        assert!(middle[0].abs_diff(125) < 6 && middle[1].abs_diff(128) < 6, "{middle:?}");
    }
}
