use checkpoint::Scope;
use tch::Tensor;

use crate::{
    named::{Named, Role},
    weight::Weight,
};

/// A convolution of stride 1 that keeps the side, its weight spectrally normalised.
#[derive(Debug)]
pub(crate) struct Conv {
    weight: Weight,
    bias: Option<Tensor>,
}

impl Conv {
    /// `shape: [out, in, k, k]`.
    pub(crate) fn take(scope: &Scope<'_>, shape: [i64; 4], eps: f64) -> Self {
        Self { weight: Weight::take(scope, &shape, eps), bias: Some(scope.take("bias", &shape[..1])) }
    }

    pub(crate) fn take_without_bias(scope: &Scope<'_>, shape: [i64; 4], eps: f64) -> Self {
        Self { weight: Weight::take(scope, &shape, eps), bias: None }
    }

    /// `[n, in, h, w]` → `[n, out, h, w]`.
    pub(crate) fn forward(&self, x: &Tensor) -> Tensor {
        same_side(x, &self.weight.normalised(), self.bias.as_ref())
    }

    /// As [`forward`](Self::forward), but only the first `channels` of the output are computed.
    pub(crate) fn forward_first(&self, x: &Tensor, channels: i64) -> Tensor {
        let weight = self.weight.normalised().narrow(0, 0, channels);
        let bias = self.bias.as_ref().map(|bias| bias.narrow(0, 0, channels));
        same_side(x, &weight, bias.as_ref())
    }

    /// The weight lies channels last in memory, and so do the activations then.
    pub(crate) fn fold(self) -> Self {
        let weight = match self.weight.fold() {
            Weight::Folded(weight) => Weight::Folded(channels_last(&weight)),
            unfolded @ Weight::Spectral { .. } => unfolded,
        };
        Self { weight, ..self }
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
