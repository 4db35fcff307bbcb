use checkpoint::Scope;
use tch::Tensor;

use crate::{
    Config, Layer,
    config::BOTTLENECK,
    conv::Conv,
    named::{Named, under},
    norm::{Joint, Norm, Recorder},
    weight::Weight,
};

/// A residual block with a bottleneck.
///
/// Source: Brock et al. 2019, Appendix B, Figure 16 (BigGAN-deep); `pytorch-pretrained-biggan` 0.1.1, `model.py`, `GenBlock`.
#[derive(Debug)]
pub(crate) struct Block {
    bn: [Norm; 4],
    /// Of a folded block: what its norms are given.
    joint: Option<Joint>,
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
            joint: None,
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
        let conds = match &self.joint {
            Some(joint) => joint.at(cond),
            None => std::iter::repeat_with(|| cond.shallow_clone()).take(self.bn.len()).collect(),
        };
        let mut normed = |i: usize, x: &Tensor| self.bn[i].forward(x, &conds[i], recorder).relu_();
        let y = self.conv[0].forward(&normed(0, x)); // [n, c_in/4, h, w]
        let y = self.conv[1].forward(&self.upsampled(&normed(1, &y))); // [n, c_in/4, 2h, 2w]
        let y = self.conv[2].forward(&normed(2, &y));
        let y = self.conv[3].forward(&normed(3, &y)); // [n, c_out, 2h, 2w]
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
        let mut bn = self.bn.map(|bn| bn.fold(truncation));
        Self { joint: Some(Joint::of(&mut bn)), bn, conv: self.conv.map(Conv::fold), ..self }
    }

    /// The matrix `[_, d]` through which a folded block sees its cond.
    pub(crate) fn reader_mut(&mut self) -> Option<&mut Tensor> {
        self.joint.as_mut().map(Joint::weight_mut)
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
