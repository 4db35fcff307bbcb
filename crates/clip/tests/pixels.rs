//! Preprocessing against clip-anytorch's on Pillow. Images and expected pixels:
//! `tests/reference/clip_pixels.py`.

use std::path::Path;

use clip::{normalize, preprocess, preprocess_file};
use tch::{Kind, Tensor};

const SIZE: i64 = 48;

/// By how much, of 255, pixels may differ; not at all but for a JPEG, whose decoders round
/// differently, and a tall image, whose rows Pillow 13 resizes first and older ones last, as we do.
const NAMES: [(&str, f64); 15] = [
    ("wide.png", 0.0),
    ("portrait.png", 0.0),
    ("tall.png", 10.0),
    ("exact.png", 0.0),
    ("tiny.png", 0.0),
    ("very-wide.png", 0.0),
    ("grey.png", 0.0),
    ("grey-alpha.png", 0.0),
    ("grey-16-bit.png", 0.0),
    ("rgba.png", 0.0),
    ("palette.png", 0.0),
    ("palette-alpha.png", 0.0),
    ("bilevel.png", 0.0),
    ("colour-key.png", 0.0),
    ("photo.jpg", 3.0),
];

#[test]
fn pixels_are_the_reference_s() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/pixels");
    let mut wrong = vec![];
    for (name, tolerance) in NAMES {
        let got = preprocess_file(&folder.join(name), SIZE).unwrap();
        let want = square(&folder.join(Path::new(name).with_extension("48.png")));
        let difference = (got - normalize(&want)).abs().max().double_value(&[]);
        // A step of 1 in 255 is at least 0.0142 once normalized; 1e-5 is single precision's
        // rounding.
        if difference > tolerance * 0.0151 + 1e-5 {
            wrong.push((name, difference / 0.0146));
        }
    }
    assert!(wrong.is_empty(), "differences in 255ths: {wrong:?}");
}

/// Only the middle square is computed: a strip costs what its pixels cost, not what it would be at
/// full length.
#[test]
fn a_strip_is_no_burden() {
    let strip = image::DynamicImage::new_luma8(100_000, 1);
    assert_eq!(preprocess(&strip, 224).size(), [3, 224, 224]);
}

#[test]
fn what_is_no_image_is_named() {
    for name in ["no-such-file.png", "tests/pixels.rs"] {
        let error = preprocess_file(Path::new(name), SIZE).unwrap_err();
        assert_eq!(
            error.to_string(),
            format!("failed to read image `{name}`: only PNG and JPEG files are supported")
        );
        assert!(std::error::Error::source(&error).is_some());
    }
}

/// `[3, 48, 48]` in [0, 1].
fn square(path: &Path) -> Tensor {
    let image = image::open(path).expect("a golden image").into_rgb8();
    assert_eq!((image.width(), image.height()), (48, 48));
    Tensor::from_slice(image.as_raw()).view([SIZE, SIZE, 3]).permute([2, 0, 1]).to_kind(Kind::Float) / 255.0
}
