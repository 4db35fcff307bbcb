//! Images out of files.

use std::io::{BufReader, Cursor};
use std::path::Path;

use image::{ImageReader, RgbImage};
use records::{LARGEST_RECORD, open_regular, read_regular};

use super::DrawError;

/// The image at `path`.
pub(crate) fn read(path: &Path) -> Result<RgbImage, DrawError> {
    let failed = |source| DrawError::Image { path: path.to_owned(), source };
    let bytes = bytes(path)?;
    let image = ImageReader::new(Cursor::new(bytes)).with_guessed_format();
    let image = image.map_err(image::ImageError::IoError).and_then(ImageReader::decode);
    Ok(image.map_err(failed)?.into_rgb8())
}

/// Width and height of the image at `path`, in pixels.
pub(crate) fn size(path: &Path) -> Result<(u32, u32), DrawError> {
    let failed = |source| DrawError::Image { path: path.to_owned(), source };
    let file = open_regular(path).map_err(|source| failed(image::ImageError::IoError(source)))?;
    let image = ImageReader::new(BufReader::new(file)).with_guessed_format();
    image.map_err(image::ImageError::IoError).and_then(ImageReader::into_dimensions).map_err(failed)
}

fn bytes(path: &Path) -> Result<Vec<u8>, DrawError> {
    let failed =
        |source| DrawError::Image { path: path.to_owned(), source: image::ImageError::IoError(source) };
    read_regular(path, LARGEST_RECORD).map_err(failed)
}
