use checkpoint::Scope;
use tch::Tensor;

use crate::{
    config::ATTENTION_BOTTLENECK,
    conv::Conv,
    named::{Named, Role, under},
    weight::Weight,
};

/// Self-attention of every pixel to every 2 × 2 patch: x + gamma · o(attention).
///
/// Source: Zhang et al. 2019 (SAGAN), with max-pooled keys and values as in BigGAN;
/// `pytorch-pretrained-biggan` 0.1.1, `model.py`, `SelfAttn`.
#[derive(Debug)]
pub(crate) struct SelfAttention {
    snconv1x1_theta: Conv,
    snconv1x1_phi: Conv,
    snconv1x1_g: Conv,
    snconv1x1_o_conv: Conv,
    gamma: Tensor,
}

impl SelfAttention {
    pub(crate) fn take(scope: &Scope<'_>, channels: i64, eps: f64) -> Self {
        let conv =
            |name: &str, out, channels| Conv::take_without_bias(&scope.sub(name), [out, channels, 1, 1], eps);
        Self {
            snconv1x1_theta: conv("snconv1x1_theta", channels / ATTENTION_BOTTLENECK, channels),
            snconv1x1_phi: conv("snconv1x1_phi", channels / ATTENTION_BOTTLENECK, channels),
            snconv1x1_g: conv("snconv1x1_g", channels / 2, channels),
            snconv1x1_o_conv: conv("snconv1x1_o_conv", channels, channels / 2),
            gamma: scope.take("gamma", &[1]),
        }
    }

    /// `[n, c, h, w]` → the same.
    pub(crate) fn forward(&self, x: &Tensor) -> Tensor {
        let (n, _c, h, w) = x.size4().expect("activations have four dimensions");
        let query = as_rows(&self.snconv1x1_theta.forward(x)); // [n, hw, c/8]
        let key = as_rows(&halved(&self.snconv1x1_phi.forward(x))); // [n, hw/4, c/8]
        let value = as_rows(&halved(&self.snconv1x1_g.forward(x))); // [n, hw/4, c/2]
        let weights = query.bmm(&key.transpose(1, 2)).softmax(-1, None); // [n, hw, hw/4]
        let attended = weights.bmm(&value).transpose(1, 2).view([n, -1, h, w]); // [n, c/2, h, w]
        x.addcmul(&self.snconv1x1_o_conv.forward(&attended), &self.gamma)
    }

    pub(crate) fn fold(self) -> Self {
        Self {
            snconv1x1_theta: self.snconv1x1_theta.fold(),
            snconv1x1_phi: self.snconv1x1_phi.fold(),
            snconv1x1_g: self.snconv1x1_g.fold(),
            snconv1x1_o_conv: self.snconv1x1_o_conv.fold(),
            gamma: self.gamma,
        }
    }

    pub(crate) fn weights_mut(&mut self) -> Vec<&mut Weight> {
        let Self { snconv1x1_theta, snconv1x1_phi, snconv1x1_g, snconv1x1_o_conv, gamma: _ } = self;
        [snconv1x1_theta, snconv1x1_phi, snconv1x1_g, snconv1x1_o_conv].map(Conv::weight_mut).into()
    }

    pub(crate) fn tensors(&self) -> Vec<Named> {
        let mut tensors = vec![Named::new("gamma", &self.gamma, Role::Parameter)];
        tensors.extend(under("snconv1x1_theta", self.snconv1x1_theta.tensors()));
        tensors.extend(under("snconv1x1_phi", self.snconv1x1_phi.tensors()));
        tensors.extend(under("snconv1x1_g", self.snconv1x1_g.tensors()));
        tensors.extend(under("snconv1x1_o_conv", self.snconv1x1_o_conv.tensors()));
        tensors
    }
}

/// A row per pixel: `[n, c, h, w]` → `[n, hw, c]`.
fn as_rows(x: &Tensor) -> Tensor {
    x.flatten(2, 3).transpose(1, 2)
}

/// The largest of every 2 × 2 patch.
fn halved(x: &Tensor) -> Tensor {
    x.max_pool2d([2, 2], [2, 2], 0, 1, false)
}
