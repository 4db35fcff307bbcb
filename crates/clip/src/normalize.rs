use tch::Tensor;

/// Mean of the training images' channels, in [0, 1]: `clip/clip.py`, `_transform`.
pub const MEAN: [f64; 3] = [0.481_454_66, 0.457_827_5, 0.408_210_73];
/// Standard deviation of the training images' channels.
pub const STD: [f64; 3] = [0.268_629_54, 0.261_302_58, 0.275_777_11];

/// Normalizes pixels in [0, 1] for the image tower: `[.., 3, h, w]` → same shape, each channel less
/// its mean, over its standard deviation. Gradients pass.
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

#[cfg(test)]
mod tests {
    use super::*;
    use tch::Kind;

    /// Black and white as OpenAI's CLIP sees them: `_transform` of `clip/clip.py` in single
    /// precision.
    #[test]
    fn black_and_white_are_openais() {
        let seen = |level: f64| {
            let pixel = Tensor::full([3, 1, 1], level, (Kind::Double, tch::Device::Cpu));
            Vec::<f64>::try_from(normalize(&pixel).view([3])).expect("three numbers")
        };
        let black = [-1.792_262_5, -1.752_097_1, -1.480_219_8];
        let white = [1.930_336_3, 2.074_883_8, 2.145_897_0];
        for (seen, expected) in seen(0.0).iter().zip(black).chain(seen(1.0).iter().zip(white)) {
            assert!((seen - expected).abs() < 1e-6, "{seen} is not {expected}");
        }
    }
}
