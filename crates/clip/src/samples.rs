use image::DynamicImage;

/// The high byte of every deep sample.
pub(crate) fn in_8_bits(image: DynamicImage) -> DynamicImage {
    fn high<P, Q>(image: image::ImageBuffer<P, Vec<u16>>) -> image::ImageBuffer<Q, Vec<u8>>
    where
        P: image::Pixel<Subpixel = u16>,
        Q: image::Pixel<Subpixel = u8>,
    {
        let (width, height) = image.dimensions();
        let samples = image.into_raw().iter().map(|sample| (sample >> 8) as u8).collect();
        image::ImageBuffer::from_raw(width, height, samples).expect("as many samples as before")
    }
    match image {
        DynamicImage::ImageLuma16(image) => DynamicImage::ImageLuma8(high(image)),
        DynamicImage::ImageLumaA16(image) => DynamicImage::ImageLumaA8(high(image)),
        DynamicImage::ImageRgb16(image) => DynamicImage::ImageRgb8(high(image)),
        DynamicImage::ImageRgba16(image) => DynamicImage::ImageRgba8(high(image)),
        DynamicImage::ImageRgb32F(_) | DynamicImage::ImageRgba32F(_) => {
            DynamicImage::ImageRgb8(image.into_rgb8())
        }
        image => image,
    }
}
