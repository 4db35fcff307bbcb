//! Image files as people bring them: turned by a tag, cut off, damaged, or none at all. Files and
//! what Pillow makes of them: `tests/reference/clip_files.py`.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use clip::{MOST_BYTES, Picture, PreprocessError};
use image::DynamicImage;
use proptest::prelude::*;
use serde::Deserialize;
use tch::{Kind, Tensor};

#[derive(Deserialize)]
struct Cut {
    /// Shortest length at which Pillow loads it.
    loads_from: usize,
    whole: usize,
}

fn golden(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/files").join(name)
}

/// `[3, height, width]` in 255ths.
fn colors(picture: &Picture) -> Tensor {
    picture.rows(0..picture.height()) * 255.0
}

fn opened(bytes: &[u8]) -> Result<Picture, PreprocessError> {
    let file = tempfile::NamedTempFile::new().expect("a temporary file");
    fs::write(file.path(), bytes).expect("a file that can be written to");
    Picture::open(file.path())
}

/// Looks at it as the judges do, where it opens.
fn look(bytes: &[u8]) {
    if let Ok(picture) = opened(bytes) {
        assert_eq!(picture.pixels(8).size(), [3, 8, 8]);
        assert_eq!(picture.rows(0..1).size(), [3, 1, i64::from(picture.width())]);
    }
}

#[test]
fn turns_by_the_exif_tag() {
    let upright = colors(&Picture::open(&golden("upright.png")).unwrap());
    for orientation in 1..=8 {
        // A JPEG's decoders round differently, and the encoder has taken something before.
        for (kind, tolerance) in [("png", 0.0), ("jpg", 8.0)] {
            let picture = Picture::open(&golden(&format!("exif-{orientation}.{kind}"))).unwrap();
            assert_eq!((picture.width(), picture.height()), (20, 12), "{orientation} {kind}");
            let difference = (colors(&picture) - &upright).abs().max().double_value(&[]);
            assert!(difference <= tolerance, "{orientation} {kind}: {difference}");
        }
    }
}

#[test]
fn refuses_what_was_cut_off_where_pillow_does() {
    let cuts = fs::read(golden("cuts.json")).unwrap();
    let cuts: BTreeMap<String, Cut> = serde_json::from_slice(&cuts).unwrap();
    assert_eq!(cuts.len(), 3);
    for (name, cut) in cuts {
        let bytes = fs::read(golden(&name)).unwrap();
        assert_eq!(bytes.len(), cut.whole);
        assert!(opened(&bytes).is_ok(), "{name}");
        for length in 0..cut.loads_from {
            assert!(opened(&bytes[..length]).is_err(), "{name} of {length} bytes");
        }
    }
    let half = &fs::read(golden("whole.jpg")).unwrap()[..600];
    let error = opened(half).unwrap_err();
    assert!(
        matches!(error, PreprocessError::Cut { .. }) && error.to_string().contains("truncated"),
        "{error}"
    );
}

/// An end within a profile or a thumbnail is not the image's.
#[test]
fn finds_the_image_s_own_end() {
    let bytes = fs::read(golden("whole.jpg")).unwrap();
    let inner = [&[0xFF, 0xD8, 0xFF, 0xE1, 0, 6, 0xFF, 0xD9, 0xFF, 0xD9], &bytes[2..]].concat();
    assert!(opened(&inner).is_ok());
    assert!(opened(&inner[..inner.len() - 2]).is_err());
    assert!(opened(&[&bytes[..], b"and what a phone appends"].concat()).is_ok());
}

/// A PNG's header, and nothing behind it but its end.
fn png_header(width: u32, height: u32, depth: u8, color: u8) -> Vec<u8> {
    let mut header = [&b"IHDR"[..], &width.to_be_bytes(), &height.to_be_bytes()].concat();
    header.extend([depth, color, 0, 0, 0]);
    let mut bytes = b"\x89PNG\r\n\x1a\n\0\0\0\x0d".to_vec();
    bytes.extend(&header);
    bytes.extend(crc32(&header).to_be_bytes());
    bytes.extend(b"\0\0\0\0IDAT\x35\xaf\x06\x1e\0\0\0\0IEND\xae\x42\x60\x82");
    bytes
}

fn crc32(bytes: &[u8]) -> u32 {
    let step = |crc: u32, _| if crc & 1 == 1 { (crc >> 1) ^ 0xEDB8_8320 } else { crc >> 1 };
    !bytes.iter().fold(!0, |crc, &byte| (0..8).fold(crc ^ u32::from(byte), step))
}

#[test]
fn refuses_large_images_with_the_numbers_before_decoding() {
    let gray = 0;
    let with_opacity = 6;
    let cases = [
        ((50_000, 1_001, 8, gray), "50000 × 1001 pixels, 201 MB when decoded"),
        ((10_000, 2_501, 16, with_opacity), "10000 × 2501 pixels, 201 MB when decoded"),
        ((1 << 30, 1 << 30, 8, gray), "1073741824 × 1073741824 pixels"),
        ((70_000, 1, 8, gray), "70000 × 1 pixels"),
    ];
    for ((width, height, depth, color), told) in cases {
        let error = opened(&png_header(width, height, depth, color)).unwrap_err();
        assert!(matches!(error, PreprocessError::Size { .. }), "{error:?}");
        let message = error.to_string();
        assert!(message.contains(told) && message.contains("200 MB"), "{message}");
    }
    assert_eq!(MOST_BYTES, 200_000_000);
    // The largest that fit are refused for what is missing of them only.
    for (width, height, depth, color) in [(50_000, 1_000, 8, gray), (10_000, 2_500, 16, with_opacity)] {
        let file = tempfile::NamedTempFile::new().unwrap();
        fs::write(file.path(), png_header(width, height, depth, color)).unwrap();
        Picture::probe(file.path()).unwrap();
    }
}

#[test]
fn refuses_what_is_no_regular_file() {
    let folder = tempfile::tempdir().unwrap();
    let error = Picture::open(folder.path()).unwrap_err();
    assert!(matches!(error, PreprocessError::NoFile { .. }), "{error:?}");
}

#[cfg(target_os = "linux")]
#[test]
fn refuses_devices() {
    let error = Picture::open(Path::new("/dev/zero")).unwrap_err();
    assert!(matches!(error, PreprocessError::NoFile { .. }), "{error:?}");
}

#[test]
fn takes_the_high_byte_of_deep_samples() {
    let deep = DynamicImage::ImageLuma16(image::ImageBuffer::from_fn(9, 7, |x, y| {
        image::Luma([(x * 7000 + y) as u16])
    }));
    let mut bytes = std::io::Cursor::new(vec![]);
    deep.write_to(&mut bytes, image::ImageFormat::Png).unwrap();
    let got = colors(&opened(bytes.get_ref()).unwrap());
    let want: Vec<u8> = (0..9).map(|x| (x * 7000 / 256) as u8).collect();
    let want = Tensor::from_slice(&want).to_kind(Kind::Float).expand([3, 7, 9], false);
    assert!((got - want).abs().max().double_value(&[]) < 1e-4);
}

#[test]
fn tells_transparent_parts() {
    let transparent = |alpha: u8| {
        let image = image::RgbaImage::from_pixel(6, 5, image::Rgba([10, 200, 30, alpha]));
        let mut bytes = std::io::Cursor::new(vec![]);
        image.write_to(&mut bytes, image::ImageFormat::Png).unwrap();
        opened(bytes.get_ref()).unwrap().has_transparent_parts()
    };
    assert!(transparent(0) && transparent(254) && !transparent(255));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn never_panics_over_random_bytes(bytes in prop::collection::vec(any::<u8>(), 0..600), head in 0..3_usize) {
        let heads: [&[u8]; 3] = [b"", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff"];
        look(&[heads[head], &bytes].concat());
    }

    #[test]
    fn never_panics_over_damaged_files(
        name in prop::sample::select(vec!["whole.jpg", "progressive.jpg", "whole.png", "exif-6.jpg", "exif-6.png"]),
        flips in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
        length in any::<prop::sample::Index>(),
        cut in any::<bool>(),
    ) {
        let mut bytes = fs::read(golden(name)).unwrap();
        for (at, value) in flips {
            let at = at.index(bytes.len());
            bytes[at] = value;
        }
        if cut {
            bytes.truncate(length.index(bytes.len()));
        }
        look(&bytes);
    }
}
