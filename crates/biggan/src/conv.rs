use checkpoint::Scope;
use tch::Tensor;
use torch_ext::no_grad;

use crate::{
    named::{Named, Role},
    weight::Weight,
};

/// A convolution of stride 1 that keeps the side, its weight spectrally normalized.
#[derive(Debug)]
pub(crate) struct Conv {
    weight: Weight,
    bias: Option<Tensor>,
    /// True if it is [folded together with the upsampling](Self::fold_with_upsampling) before it.
    upsamples: bool,
}

impl Conv {
    /// `shape: [out, in, k, k]`.
    pub(crate) fn take(scope: &Scope<'_>, shape: [i64; 4], eps: f64) -> Self {
        Self {
            weight: Weight::take(scope, &shape, eps),
            bias: Some(scope.take("bias", &shape[..1])),
            upsamples: false,
        }
    }

    pub(crate) fn take_without_bias(scope: &Scope<'_>, shape: [i64; 4], eps: f64) -> Self {
        Self { weight: Weight::take(scope, &shape, eps), bias: None, upsamples: false }
    }

    /// `[n, in, h, w]` → `[n, out, h, w]`, or `[n, out, 2h, 2w]` if it upsamples.
    pub(crate) fn forward(&self, x: &Tensor) -> Tensor {
        let weight = self.weight.normalized();
        if self.upsamples {
            return x.conv_transpose2d(&weight, self.bias.as_ref(), 2, 1, 0, 1, 1);
        }
        same_side(x, &weight, self.bias.as_ref())
    }

    pub(crate) fn upsamples(&self) -> bool {
        self.upsamples
    }

    /// Computes [`forward`](Self::forward) for the first `channels` output channels only.
    pub(crate) fn forward_first(&self, x: &Tensor, channels: i64) -> Tensor {
        let weight = self.weight.normalized().narrow(0, 0, channels);
        let bias = self.bias.as_ref().map(|bias| bias.narrow(0, 0, channels));
        same_side(x, &weight, bias.as_ref())
    }

    /// The weight lies channels last in memory, and so do the activations then.
    pub(crate) fn fold(self) -> Self {
        let weight = no_grad(|| channels_last(&self.weight.normalized()));
        Self { weight: Weight::Folded(weight), ..self }
    }

    /// Folds a 3 × 3 convolution with the nearest-neighbor doubling before it, as
    /// [`fold`](Self::fold) does: a transposed convolution of 4 × 4. A pixel of the output then has
    /// four products with each channel instead of nine, most of which met the same pixel of the
    /// input.
    pub(crate) fn fold_with_upsampling(self) -> Self {
        let weight = no_grad(|| {
            let padded = self.weight.normalized().constant_pad_nd([1, 1, 1, 1]); // [out, in, 5, 5]
            let sums_of_four = padded.avg_pool2d([2, 2], [1, 1], [0, 0], false, true, 1); // [out, in, 4, 4]
            channels_last(&sums_of_four.flip([2, 3]).transpose(0, 1)) // [in, out, 4, 4]
        });
        Self { weight: Weight::Folded(weight), upsamples: true, ..self }
    }

    pub(crate) fn weight_mut(&mut self) -> &mut Weight {
        &mut self.weight
    }

    pub(crate) fn tensors(&self) -> Vec<Named> {
        let mut tensors = self.weight.tensors();
        tensors.extend(self.bias.as_ref().map(|bias| Named::new("bias", bias, Role::Parameter)));
        tensors
    }
}

fn same_side(x: &Tensor, weight: &Tensor, bias: Option<&Tensor>) -> Tensor {
    let padding = weight.size()[2] / 2;
    x.conv2d(weight, bias, 1, padding, 1, 1)
}

fn channels_last(weight: &Tensor) -> Tensor {
    weight.permute([0, 2, 3, 1]).contiguous().permute([0, 3, 1, 2])
}
