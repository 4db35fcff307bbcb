use std::{
    fmt::{self, Display, Formatter},
    io,
    path::PathBuf,
};

use image::ImageError;
use thiserror::Error;

/// Most bytes that a decoded image may take, a pixel counted as four bytes or more: 50 million
/// pixels of 8 bits a sample.
pub const MOST_BYTES: u64 = 200_000_000;
/// Most pixels on a side: what JPEG can express.
pub const MOST_ON_A_SIDE: u32 = 65_535;

/// Why a file is no image that CLIP can look at.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum PreprocessError {
    /// The file cannot be read, or is no image.
    #[error("failed to read image `{}`: only PNG and JPEG files are supported", printable::path(path))]
    Read {
        /// The file.
        path: PathBuf,
        /// The decoder's error.
        source: ImageError,
    },
    /// A folder, a pipe or a device.
    #[error("`{}` is not a regular file, so it cannot be an image", printable::path(path))]
    NoFile {
        /// The path that is no file.
        path: PathBuf,
        /// The kind of thing it is instead.
        source: io::Error,
    },
    /// A download that was interrupted, say.
    #[error("the image file `{}` is truncated: it ends before the image does", printable::path(path))]
    Cut {
        /// The file.
        path: PathBuf,
    },
    /// An image without pixels, or with too many.
    #[error("the image `{}` is {size}", printable::path(path))]
    Size {
        /// The file.
        path: PathBuf,
        /// The size that its header states.
        size: Size,
    },
    /// A JPEG file that is longer than any image needs.
    #[error(
        "the image file `{}` has {bytes} bytes, more than the 100,000,000 that a JPEG may have",
        printable::path(path)
    )]
    LongFile {
        /// The file.
        path: PathBuf,
        /// Its length.
        bytes: u64,
    },
}

/// The size of an image, in pixels, and what it takes when it is decoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Size {
    pub width: u32,
    pub height: u32,
    pub bytes_per_pixel: u64,
}

impl Size {
    fn bytes(self) -> u64 {
        u64::from(self.width) * u64::from(self.height) * self.bytes_per_pixel.max(4)
    }

    pub(crate) fn is_fit(self) -> bool {
        let sides = [self.width, self.height];
        sides.iter().all(|side| (1..=MOST_ON_A_SIDE).contains(side)) && self.bytes() <= MOST_BYTES
    }
}

impl Display for Size {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let megabytes = |bytes: u64| bytes.div_ceil(1_000_000);
        write!(
            f,
            "{} × {} pixels, {} MB when decoded: sides of 1 to {MOST_ON_A_SIDE} pixels and {} MB (50 million \
             pixels, or 25 million of 16 bits a sample with opacity) are the limit; make it smaller",
            self.width,
            self.height,
            megabytes(self.bytes()),
            megabytes(MOST_BYTES),
        )
    }
}
