use tch::{Kind, Tensor};

use crate::normalize::{mean, std};

/// An image cut into squares, row by row: `pixels: [n, c, g·size, g·size]` → `[n, g², c·size²]`.
///
/// A patch lists its channels, rows and columns in that order, as [`PatchEmbedding`] wants it.
///
/// # Panics
/// When `size` does not divide the image's sides.
pub fn patches(pixels: &Tensor, size: i64) -> Tensor {
    pixels
        .unflatten(3, [-1, size])
        .unflatten(2, [-1, size]) // [n, c, g, size, g, size]
        .permute([0, 2, 4, 1, 3, 5])
        .flatten(3, 5)
        .flatten(1, 2)
}

/// The first layer of the image tower: a matrix for every patch alike.
#[derive(Debug)]
pub struct PatchEmbedding {
    weight: Tensor,       // [width, 3·size²]
    bias: Option<Tensor>, // [width]
}

impl PatchEmbedding {
    /// From the convolution's `weight`: `[width, 3, size, size]`.
    pub(crate) fn new(weight: &Tensor) -> Self {
        Self { weight: weight.flatten(1, 3), bias: None }
    }

    /// An equivalent layer for pixels in [0, 1] that were not normalized: W (x - mean) / std = (W /
    /// std) x - (W / std) mean.
    #[must_use]
    pub fn of_unnormalized_pixels(&self) -> Self {
        let kind = self.weight.kind();
        let area = self.weight.size()[1] / 3;
        let per_pixel = |channels: Tensor| {
            channels.to_device(self.weight.device()).repeat_interleave_self_int(area, 0, None) // [3·size²]
        };
        let weight = self.weight.to_kind(Kind::Double) / per_pixel(std());
        let offset = weight.mv(&per_pixel(mean())).neg();
        let bias = match &self.bias {
            Some(bias) => offset + bias,
            None => offset,
        };
        Self { weight: weight.to_kind(kind), bias: Some(bias.to_kind(kind)) }
    }

    /// `patches: [n, p, 3·size²]` → `[n, p, width]`.
    pub fn forward(&self, patches: &Tensor) -> Tensor {
        patches.to_kind(self.weight.kind()).linear(&self.weight, self.bias.as_ref())
    }
}
