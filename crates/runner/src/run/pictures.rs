use std::io::Cursor;

use image::{DynamicImage, ImageFormat, RgbImage};
use tch::{Device, Kind, Tensor};

/// An image `[3, s, s]` in [0, 1] as eight bits a channel, rounded to the nearest.
pub fn eight_bits(image: &Tensor) -> DynamicImage {
    picture(&pixels(image))
}

/// The bytes of images `[…, 3, s, s]` in [0, 1], on their device: `[…, s, s, 3]`.
pub(super) fn pixels(images: &Tensor) -> Tensor {
    (images.clamp(0.0, 1.0) * 255.0).round().to_kind(Kind::Uint8).movedim_int(-3, -1).contiguous()
}

/// The picture of [`pixels`] `[s, s, 3]`.
pub(super) fn picture(pixels: &Tensor) -> DynamicImage {
    let side = u32::try_from(pixels.size()[0]).expect("an image side");
    let bytes = Vec::<u8>::try_from(pixels.to_device(Device::Cpu).flatten(0, -1)).expect("a vector of bytes");
    RgbImage::from_raw(side, side, bytes).expect("three bytes for each pixel").into()
}

/// The image as PNG.
///
/// # Errors
/// When it cannot be encoded.
pub fn png(image: &DynamicImage) -> image::ImageResult<Vec<u8>> {
    let mut bytes = Cursor::new(Vec::new());
    image.write_to(&mut bytes, ImageFormat::Png)?;
    Ok(bytes.into_inner())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn channels_become_the_bytes_of_a_pixel() {
        let red = Tensor::from_slice(&[1.0f32, 0.0, 2.0, -1.0]).view([1, 2, 2]);
        let green = Tensor::from_slice(&[0.0f32, 0.5, 0.2, f32::NAN]).view([1, 2, 2]);
        let blue = Tensor::full([1, 2, 2], 1.0 / 3.0, (Kind::Float, Device::Cpu));
        let image = eight_bits(&Tensor::cat(&[red, green, blue], 0)).to_rgb8();
        assert_eq!(image.get_pixel(0, 0).0, [255, 0, 85]);
        assert_eq!(image.get_pixel(1, 0).0, [0, 128, 85]);
        assert_eq!(image.get_pixel(0, 1).0, [255, 51, 85]);
    }
}
