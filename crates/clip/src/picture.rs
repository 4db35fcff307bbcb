use std::{
    io::{self, BufReader},
    ops::Range,
    path::Path,
};

use image::{DynamicImage, ImageDecoder, ImageFormat, ImageReader, Limits};
use png::{BitDepth, ColorType};
use regular_files::open_regular;
use tch::Tensor;

use crate::{
    jpeg_end,
    picture_error::{MOST_BYTES, PreprocessError, Size},
    preprocess,
    samples::in_8_bits,
};

/// Most bytes of a JPEG file, which is held in memory beside the image.
const MOST_BYTES_OF_A_JPEG: u64 = 100_000_000;

/// An image out of a file: upright, in 8 bits a sample, gray or colored, with opacity or without.
#[derive(Clone, Debug)]
pub struct Picture {
    /// Of 8 bits a sample: `ImageLuma8`, `ImageLumaA8`, `ImageRgb8` or `ImageRgba8`.
    image: DynamicImage,
    /// Pillow resizes images with a palette, and of black and white only, to the nearest pixel.
    to_nearest: bool,
    has_transparent_parts: bool,
}

/// A file header's account of an image.
struct Header {
    format: ImageFormat,
    png: Option<PngHeader>,
}

struct PngHeader {
    /// Of a byte a pixel, or more.
    size: Size,
    color: ColorType,
    depth: BitDepth,
}

impl Picture {
    /// Reads the image in a PNG or JPEG file.
    ///
    /// As Pillow and transformers' `load_image` read it: turned as the file's EXIF tag says, of
    /// deep colors the high byte, a file that was cut off refused. One color marked as transparent
    /// is a color like any other. Deep gray is reduced as deep colors are, which Pillow clips to
    /// white.
    ///
    /// # Errors
    /// When the file cannot be read, is no regular file, is no PNG or JPEG image, ends before the
    /// image does, or the image would take more than [`MOST_BYTES`] or has a side above
    /// [`MOST_ON_A_SIDE`](crate::MOST_ON_A_SIDE): that is told before anything is decoded.
    pub fn open(path: &Path) -> Result<Self, PreprocessError> {
        let header = Self::check(path)?;
        let fault = |source| PreprocessError::Read { path: path.to_owned(), source };
        let mut decoder = decoder(path, header.format).map_err(fault)?;
        let orientation = decoder.orientation().map_err(fault)?;
        let image = DynamicImage::from_decoder(decoder).map_err(fault)?;
        let has_transparent_parts = has_transparent_parts(&image);
        let mut image = in_8_bits(image);
        image.apply_orientation(orientation);
        let kind = header.png.map(|png| (png.color, png.depth));
        let to_nearest =
            matches!(kind, Some((ColorType::Indexed, _) | (ColorType::Grayscale, BitDepth::One)));
        if matches!(kind, Some((ColorType::Indexed | ColorType::Rgb | ColorType::Grayscale, _))) {
            image = without_opacity(image); // a color marked as transparent
        }
        Ok(Self { image, to_nearest, has_transparent_parts })
    }

    /// Reads a file's header, and looks for the end of a JPEG, but decodes nothing.
    ///
    /// # Errors
    /// As [`Picture::open`], but for what only decoding shows.
    pub fn probe(path: &Path) -> Result<(), PreprocessError> {
        Self::check(path).map(drop)
    }

    fn check(path: &Path) -> Result<Header, PreprocessError> {
        let fault = |source| PreprocessError::Read { path: path.to_owned(), source };
        let opened = open_regular(path).and_then(|file| file.metadata());
        let metadata = opened.map_err(|error| match error.kind() {
            io::ErrorKind::InvalidInput | io::ErrorKind::IsADirectory => {
                PreprocessError::NoFile { path: path.to_owned(), source: error }
            }
            _ => fault(error.into()),
        })?;
        let format = format(path).map_err(fault)?;
        if format == ImageFormat::Jpeg {
            if MOST_BYTES_OF_A_JPEG < metadata.len() {
                return Err(PreprocessError::LongFile { path: path.to_owned(), bytes: metadata.len() });
            }
            let whole = open_regular(path).and_then(|file| jpeg_end::is_there(BufReader::new(file)));
            if !whole.map_err(|error| fault(error.into()))? {
                return Err(PreprocessError::Cut { path: path.to_owned() });
            }
        }
        let too_large = |size: Size| PreprocessError::Size { path: path.to_owned(), size };
        let png = (format == ImageFormat::Png).then(|| png_header(path)).flatten();
        if let Some(png) = &png
            && !png.size.is_fit()
        {
            return Err(too_large(png.size)); // a decoder would already take what a row needs
        }
        let decoder = decoder(path, format).map_err(fault)?;
        let (width, height) = decoder.dimensions();
        let size = Size { width, height, bytes_per_pixel: decoder.color_type().bytes_per_pixel().into() };
        if !size.is_fit() {
            return Err(too_large(size));
        }
        Ok(Header { format, png })
    }

    /// Width in pixels.
    #[must_use]
    pub fn width(&self) -> u32 {
        self.image.width()
    }

    /// Height in pixels.
    #[must_use]
    pub fn height(&self) -> u32 {
        self.image.height()
    }

    /// Returns true if something in it is transparent: CLIP's preprocessing sees that black where
    /// nothing is left of the color, and [`Picture::rows`] has the color that the file stores.
    #[must_use]
    pub fn has_transparent_parts(&self) -> bool {
        self.has_transparent_parts
    }

    /// The view of the image tower: `[3, size, size]`, normalized, as
    /// [`preprocess`](crate::preprocess) has it, but for images with a palette or of black and
    /// white only, which are resized to the nearest pixel.
    ///
    /// # Panics
    /// When `size` is no size.
    pub fn pixels(&self, size: i64) -> Tensor {
        if self.to_nearest {
            preprocess::nearest_to(&self.image, size)
        } else {
            preprocess::preprocess(&self.image, size)
        }
    }

    /// Some of its rows, `[3, rows, width]` in `[0, 1]`, whatever its opacity.
    ///
    /// # Panics
    /// When there are no such rows.
    pub fn rows(&self, rows: Range<u32>) -> Tensor {
        let (width, channels) = (self.width() as usize, usize::from(self.image.color().channel_count()));
        let samples =
            &self.image.as_bytes()[rows.start as usize * width * channels..][..rows.len() * width * channels];
        let shape = [rows.len(), width, channels].map(|side| side as i64);
        let samples = Tensor::from_slice(samples).view(shape).permute([2, 0, 1]);
        let colors = if channels < 3 {
            samples.narrow(0, 0, 1).expand([3, -1, -1], false)
        } else {
            samples.narrow(0, 0, 3)
        };
        colors.to_kind(tch::Kind::Float) / 255.0
    }
}

/// Reads and preprocesses an image file for the image tower: `[3, size, size]`, normalized.
///
/// [`Picture::open`] says how files are read, [`Picture::pixels`] what becomes of the image.
///
/// # Errors
/// As [`Picture::open`].
pub fn preprocess_file(path: &Path, size: i64) -> Result<Tensor, PreprocessError> {
    Ok(Picture::open(path)?.pixels(size))
}

fn decoder(path: &Path, format: ImageFormat) -> image::ImageResult<impl ImageDecoder> {
    let mut reader = ImageReader::with_format(BufReader::new(open_regular(path)?), format);
    let mut limits = Limits::default();
    limits.max_alloc = Some(2 * MOST_BYTES); // what metadata takes counts too
    reader.limits(limits);
    reader.into_decoder()
}

fn format(path: &Path) -> image::ImageResult<ImageFormat> {
    let reader = ImageReader::new(BufReader::new(open_regular(path)?)).with_guessed_format()?;
    let known = reader.format().filter(|format| matches!(format, ImageFormat::Png | ImageFormat::Jpeg));
    known.ok_or_else(|| image::ImageError::Unsupported(image::error::ImageFormatHint::Unknown.into()))
}

fn png_header(path: &Path) -> Option<PngHeader> {
    let mut decoder = png::Decoder::new(BufReader::new(open_regular(path).ok()?));
    let header = decoder.read_header_info().ok()?;
    let size = Size { width: header.width, height: header.height, bytes_per_pixel: 1 };
    Some(PngHeader { size, color: header.color_type, depth: header.bit_depth })
}

fn has_transparent_parts(image: &DynamicImage) -> bool {
    match image {
        DynamicImage::ImageLumaA8(image) => image.pixels().any(|pixel| pixel.0[1] < u8::MAX),
        DynamicImage::ImageRgba8(image) => image.pixels().any(|pixel| pixel.0[3] < u8::MAX),
        DynamicImage::ImageLumaA16(image) => image.pixels().any(|pixel| pixel.0[1] < u16::MAX),
        DynamicImage::ImageRgba16(image) => image.pixels().any(|pixel| pixel.0[3] < u16::MAX),
        _ => false,
    }
}

fn without_opacity(image: DynamicImage) -> DynamicImage {
    match image {
        DynamicImage::ImageLumaA8(_) => DynamicImage::ImageLuma8(image.into_luma8()),
        DynamicImage::ImageRgba8(_) => DynamicImage::ImageRgb8(image.into_rgb8()),
        image => image,
    }
}
