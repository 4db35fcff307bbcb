use checkpoint::Scope;
use tch::Tensor;

use crate::{
    Config, Layer,
    config::BOTTLENECK,
    conv::Conv,
    named::{Named, under},
    norm::{Norm, Recorder},
    weight::Weight,
};

/// A residual block with a bottleneck.
///
/// Source: Brock et al. 2019, Appendix B, Figure 16 (BigGAN-deep); `pytorch-pretrained-biggan` 0.1.1, `model.py`, `GenBlock`.
#[derive(Debug)]
pub(crate) struct Block {
    bn: [Norm; 4],
    conv: [Conv; 4],
    upsample: bool,
    channels_out: i64,
}

impl Block {
    pub(crate) fn take(scope: &Scope<'_>, layer: Layer, config: &Config) -> Self {
        let c_in = layer.width_in * config.channel_width;
        let c_out = layer.width_out * config.channel_width;
        let c_mid = c_in / BOTTLENECK;
        let bn = |i: usize, channels| {
            let scope = scope.sub(&format!("bn_{i}"));
            Norm::take_conditional(&scope, channels, config.condition_dim(), config.n_stats, config.eps)
        };
        let conv = |i: usize, shape| Conv::take(&scope.sub(&format!("conv_{i}")), shape, config.eps);
        Self {
            bn: [bn(0, c_in), bn(1, c_mid), bn(2, c_mid), bn(3, c_mid)],
            conv: [
                conv(0, [c_mid, c_in, 1, 1]),
                conv(1, [c_mid, c_mid, 3, 3]),
                conv(2, [c_mid, c_mid, 3, 3]),
                conv(3, [c_out, c_mid, 1, 1]),
            ],
            upsample: layer.upsample,
            channels_out: c_out,
        }
    }

    /// `x: [n, c_in, h, w]`, `cond: [n, d]`; the side doubles where the block upsamples.
    pub(crate) fn forward(&self, x: &Tensor, cond: &Tensor, recorder: &mut Recorder) -> Tensor {
        let y = self.conv[0].forward(&self.bn[0].forward(x, cond, recorder).relu_()); // [n, c_in/4, h, w]
        let y = self.upsampled(&self.bn[1].forward(&y, cond, recorder).relu_()); // [n, c_in/4, 2h, 2w]
        let y = self.conv[1].forward(&y);
        let y = self.conv[2].forward(&self.bn[2].forward(&y, cond, recorder).relu_());
        let y = self.conv[3].forward(&self.bn[3].forward(&y, cond, recorder).relu_()); // [n, c_out, 2h, 2w]
        y + self.upsampled(&x.narrow(1, 0, self.channels_out)) // the skip drops the channels that y has not
    }

    fn upsampled(&self, x: &Tensor) -> Tensor {
        if !self.upsample {
            return x.shallow_clone();
        }
        let (_n, _c, h, w) = x.size4().expect("activations have four dimensions");
        x.upsample_nearest2d([2 * h, 2 * w], None, None)
    }

    pub(crate) fn fold(self, truncation: f64) -> Self {
        Self { bn: self.bn.map(|bn| bn.fold(truncation)), conv: self.conv.map(Conv::fold), ..self }
    }

    pub(crate) fn norms_mut(&mut self) -> impl Iterator<Item = &mut Norm> {
        self.bn.iter_mut()
    }

    pub(crate) fn weights_mut(&mut self) -> Vec<&mut Weight> {
        let Self { bn, conv, .. } = self;
        bn.iter_mut().flat_map(Norm::weights_mut).chain(conv.iter_mut().map(Conv::weight_mut)).collect()
    }

    pub(crate) fn tensors(&self) -> Vec<Named> {
        let mut tensors = Vec::new();
        for (i, (bn, conv)) in self.bn.iter().zip(&self.conv).enumerate() {
            tensors.extend(under(format!("bn_{i}"), bn.tensors()));
            tensors.extend(under(format!("conv_{i}"), conv.tensors()));
        }
        tensors
    }
}
