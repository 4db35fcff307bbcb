use tch::Tensor;

/// Mean of the training images' channels, in [0, 1]: `clip/clip.py`, `_transform`.
pub const MEAN: [f64; 3] = [0.481_454_66, 0.457_827_5, 0.408_210_73];
/// Standard deviation of the training images' channels.
pub const STD: [f64; 3] = [0.268_629_54, 0.261_302_58, 0.275_777_11];

/// Normalizes pixels in [0, 1] for the image tower: `[.., 3, h, w]` → same shape, each channel less its
/// mean, over its standard deviation. Gradients pass.
pub fn normalize(pixels: &Tensor) -> Tensor {
    let like_pixels =
        |channels: Tensor| channels.view([3, 1, 1]).to_kind(pixels.kind()).to_device(pixels.device());
    (pixels - like_pixels(mean())) / like_pixels(std())
}

pub(crate) fn mean() -> Tensor {
    Tensor::from_slice(&MEAN)
}

pub(crate) fn std() -> Tensor {
    Tensor::from_slice(&STD)
}
