use checkpoint::Scope;
use tch::Tensor;

use crate::{
    Config, Layer,
    config::BOTTLENECK,
    conv::Conv,
    named::{Named, under},
    norm::{BatchStatistics, FusedNorms, Norm},
    weight::Weight,
};

/// A residual block with a bottleneck.
///
/// Source: Brock et al. 2019, Appendix B, Figure 16 (BigGAN-deep); `pytorch-pretrained-biggan`
/// 0.1.1, `model.py`, `GenBlock`.
#[derive(Debug)]
pub(crate) struct Block {
    bn: Norms,
    conv: [Conv; 4],
    upsample: bool,
    channels_out: i64,
}

/// From this side of its input on a convolution is folded together with the upsampling before it:
/// on smaller ones reading the larger weight takes as long as the products take that it saves.
const LEAST_SIDE: i64 = 8;

/// One before each convolution.
#[derive(Debug)]
enum Norms {
    Trained(Box<[Norm; 4]>),
    Folded(FusedNorms),
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
            bn: Norms::Trained(Box::new([bn(0, c_in), bn(1, c_mid), bn(2, c_mid), bn(3, c_mid)])),
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
    pub(crate) fn forward(&self, x: &Tensor, cond: &Tensor, statistics: &mut BatchStatistics) -> Tensor {
        let scalings = match &self.bn {
            Norms::Trained(_) => vec![],
            Norms::Folded(joint) => joint.at(cond),
        };
        let mut normed = |i: usize, x: &Tensor| match &self.bn {
            Norms::Trained(bn) => bn[i].forward(x, cond, statistics).relu_(),
            Norms::Folded(_) => scalings[i].of(x).relu_(),
        };
        let y = self.conv[0].forward(&normed(0, x)); // [n, c_in/4, h, w]
        let y = normed(1, &y);
        let y = if self.conv[1].upsamples() { y } else { self.upsampled(&y) };
        let y = self.conv[1].forward(&y); // [n, c_in/4, 2h, 2w]
        let y = self.conv[2].forward(&normed(2, &y));
        let mut y = self.conv[3].forward(&normed(3, &y)); // [n, c_out, 2h, 2w]
        y.g_add_(&self.upsampled(&self.kept(x))) // the skip drops the channels that y has not
    }

    /// `[n, c_in, h, w]` → `[n, c_out, h, w]`: the first channels.
    fn kept(&self, x: &Tensor) -> Tensor {
        match &self.bn {
            _ if x.size()[1] == self.channels_out => x.shallow_clone(),
            Norms::Trained(_) => x.narrow(1, 0, self.channels_out),
            // A part's gradient lies in memory in the order of the dimensions that it was taken of,
            // and so would those of all before it: here that is channels last, as the activations
            // are.
            Norms::Folded(_) => x.permute([0, 2, 3, 1]).narrow(3, 0, self.channels_out).permute([0, 3, 1, 2]),
        }
    }

    fn upsampled(&self, x: &Tensor) -> Tensor {
        if !self.upsample {
            return x.shallow_clone();
        }
        let (_n, _c, h, w) = x.size4().expect("activations have four dimensions");
        x.upsample_nearest2d([2 * h, 2 * w], None, None)
    }

    /// For inputs of `side`.
    pub(crate) fn fold(self, truncation: f64, side: i64) -> Self {
        let bn = match &self.bn {
            Norms::Trained(bn) => Norms::Folded(FusedNorms::fold(bn.as_slice(), truncation)),
            Norms::Folded(_) => self.bn,
        };
        let [conv_0, conv_1, conv_2, conv_3] = self.conv;
        let conv_1 =
            if self.upsample && side >= LEAST_SIDE { conv_1.fold_with_upsampling() } else { conv_1.fold() };
        Self { bn, conv: [conv_0.fold(), conv_1, conv_2.fold(), conv_3.fold()], ..self }
    }

    /// The matrix `[_, d]` through which a folded block sees its cond.
    pub(crate) fn reader_mut(&mut self) -> Option<&mut Tensor> {
        match &mut self.bn {
            Norms::Trained(_) => None,
            Norms::Folded(joint) => Some(joint.weight_mut()),
        }
    }

    /// Ratio of the output's side to the input's.
    pub(crate) fn growth(&self) -> i64 {
        if self.upsample { 2 } else { 1 }
    }

    pub(crate) fn norms_mut(&mut self) -> &mut [Norm] {
        match &mut self.bn {
            Norms::Trained(bn) => bn.as_mut_slice(),
            Norms::Folded(_) => &mut [],
        }
    }

    pub(crate) fn weights_mut(&mut self) -> Vec<&mut Weight> {
        let mut weights = match &mut self.bn {
            Norms::Trained(bn) => bn.iter_mut().flat_map(Norm::weights_mut).collect(),
            Norms::Folded(_) => vec![],
        };
        weights.extend(self.conv.iter_mut().map(Conv::weight_mut));
        weights
    }

    pub(crate) fn tensors(&self) -> Vec<Named> {
        let norms = match &self.bn {
            Norms::Trained(bn) => bn.as_slice(),
            Norms::Folded(_) => &[],
        };
        let mut tensors = Vec::new();
        for (i, conv) in self.conv.iter().enumerate() {
            let bn = norms.get(i).map(Norm::tensors).unwrap_or_default();
            tensors.extend(under(format!("bn_{i}"), bn));
            tensors.extend(under(format!("conv_{i}"), conv.tensors()));
        }
        tensors
    }
}
