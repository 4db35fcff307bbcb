use std::ops::{AddAssign, Div};

use checkpoint::Scope;
use tch::{Tensor, no_grad};

use crate::{
    named::{Named, Role, under},
    truncation::interpolate,
    weight::Weight,
};

/// Batch normalisation, then a scale and an offset per channel.
#[derive(Debug)]
pub(crate) enum Norm {
    /// Normalises by the statistics of the batch at hand, and stores those for a frozen network.
    Trained { running_means: Tensor, running_vars: Tensor, affine: Affine, eps: f64 },
    /// Stored statistics, scale and offset in one: x · scale + offset.
    Folded(Scaling),
}

/// What follows the normalisation proper.
#[derive(Debug)]
pub(crate) enum Affine {
    /// Scale 1 + Wₛ·cond and offset Wₒ·cond.
    Conditional { scale: Weight, offset: Weight },
    /// Scale and offset of their own.
    Plain { weight: Tensor, bias: Tensor },
}

/// Scale and offset per channel.
#[derive(Debug)]
pub(crate) enum Scaling {
    /// Both are affine in cond: `weight [2c, d]`, `bias [2c]`, the scales before the offsets.
    Conditional { weight: Tensor, bias: Tensor },
    /// A [`Joint`] has computed them, and they come in cond's place: `[n, 2c]`, the scales before the offsets.
    Given,
    /// Both constant: `[c]`.
    Constant { scale: Tensor, offset: Tensor },
}

/// Mean and biased variance per channel over a batch, `[c]` each.
#[derive(Debug)]
pub(crate) struct Moments {
    pub(crate) mean: Tensor,
    pub(crate) var: Tensor,
}

/// The scales and offsets of several folded norms that have the same cond: one affine map instead of one for each.
#[derive(Debug)]
pub(crate) struct Joint {
    weight: Tensor,   // [Σ 2c, d]
    bias: Tensor,     // [Σ 2c]
    widths: Vec<i64>, // 2c of each norm
}

/// What becomes of the statistics that a forward pass meets.
#[derive(Debug)]
pub(crate) enum Recorder {
    Off,
    /// Those of every normalisation, in the order in which the pass meets them.
    On(Vec<Moments>),
}

impl Norm {
    /// Conditioned on a vector of width `condition_dim`.
    pub(crate) fn take_conditional(
        scope: &Scope<'_>,
        channels: i64,
        condition_dim: i64,
        n_stats: i64,
        eps: f64,
    ) -> Self {
        let shape = [channels, condition_dim];
        let affine = Affine::Conditional {
            scale: Weight::take(&scope.sub("scale"), &shape, eps),
            offset: Weight::take(&scope.sub("offset"), &shape, eps),
        };
        Self::take(scope, channels, n_stats, eps, affine)
    }

    pub(crate) fn take_plain(scope: &Scope<'_>, channels: i64, n_stats: i64, eps: f64) -> Self {
        let affine = Affine::Plain {
            weight: scope.take("weight", &[channels]),
            bias: scope.take("bias", &[channels]),
        };
        Self::take(scope, channels, n_stats, eps, affine)
    }

    fn take(scope: &Scope<'_>, channels: i64, n_stats: i64, eps: f64, affine: Affine) -> Self {
        Self::Trained {
            running_means: scope.take("running_means", &[n_stats, channels]),
            running_vars: scope.take("running_vars", &[n_stats, channels]),
            affine,
            eps,
        }
    }

    /// `x: [n, c, h, w]`, `cond: [n, d]`, which a plain one does not look at.
    pub(crate) fn forward(&self, x: &Tensor, cond: &Tensor, recorder: &mut Recorder) -> Tensor {
        match self {
            Self::Folded(scaling) => {
                let (scale, offset) = scaling.at(cond);
                per_channel(&offset).addcmul(x, &per_channel(&scale))
            }
            Self::Trained { affine, eps, .. } => {
                recorder.record(x);
                let none = None::<Tensor>;
                let x = x.batch_norm(
                    none.as_ref(),
                    none.as_ref(),
                    none.as_ref(),
                    none.as_ref(),
                    true,
                    0.0,
                    *eps,
                    true,
                );
                let (scale, offset) = affine.at(cond);
                per_channel(&offset).addcmul(&x, &per_channel(&scale))
            }
        }
    }

    /// With the statistics stored for `truncation`.
    pub(crate) fn fold(self, truncation: f64) -> Self {
        match self {
            Self::Trained { running_means, running_vars, affine, eps } => no_grad(|| {
                let mean = interpolate(&running_means, truncation);
                let inv_std = (interpolate(&running_vars, truncation) + eps).rsqrt();
                Self::Folded(affine.after(&mean, &inv_std))
            }),
            folded @ Self::Folded(_) => folded,
        }
    }

    /// Stores the `index`th statistics.
    pub(crate) fn store(&mut self, index: i64, moments: &Moments) {
        if let Self::Trained { running_means, running_vars, .. } = self {
            running_means.get(index).copy_(&moments.mean);
            running_vars.get(index).copy_(&moments.var);
        }
    }

    pub(crate) fn weights_mut(&mut self) -> Vec<&mut Weight> {
        match self {
            Self::Trained { affine: Affine::Conditional { scale, offset }, .. } => vec![scale, offset],
            Self::Trained { affine: Affine::Plain { .. }, .. } | Self::Folded(_) => vec![],
        }
    }

    pub(crate) fn tensors(&self) -> Vec<Named> {
        match self {
            Self::Trained { running_means, running_vars, affine, .. } => {
                let mut tensors = affine.tensors();
                tensors.push(Named::new("running_means", running_means, Role::Buffer));
                tensors.push(Named::new("running_vars", running_vars, Role::Buffer));
                tensors
            }
            Self::Folded(_) => vec![],
        }
    }
}

impl Affine {
    /// Scale and offset, `[n, c]` or `[c]`.
    fn at(&self, cond: &Tensor) -> (Tensor, Tensor) {
        match self {
            Self::Conditional { scale, offset } => {
                let none = None::<Tensor>;
                (
                    1.0 + cond.linear(&scale.normalised(), none.as_ref()),
                    cond.linear(&offset.normalised(), none.as_ref()),
                )
            }
            Self::Plain { weight, bias } => (weight.shallow_clone(), bias.shallow_clone()),
        }
    }

    /// (x - mean) / std · scale + offset, as x · scale' + offset'.
    fn after(self, mean: &Tensor, inv_std: &Tensor) -> Scaling {
        match self {
            Self::Conditional { scale, offset } => {
                let scale = scale.normalised() * inv_std.unsqueeze(1);
                let offset = offset.normalised() - &scale * mean.unsqueeze(1);
                Scaling::Conditional {
                    weight: Tensor::cat(&[scale, offset], 0),
                    bias: Tensor::cat(&[inv_std.shallow_clone(), -mean * inv_std], 0),
                }
            }
            Self::Plain { weight, bias } => {
                let scale = weight * inv_std;
                let offset = bias - mean * &scale;
                Scaling::Constant { scale, offset }
            }
        }
    }

    fn tensors(&self) -> Vec<Named> {
        match self {
            Self::Conditional { scale, offset } => {
                let mut tensors = under("scale", scale.tensors());
                tensors.extend(under("offset", offset.tensors()));
                tensors
            }
            Self::Plain { weight, bias } => {
                vec![Named::new("weight", weight, Role::Parameter), Named::new("bias", bias, Role::Parameter)]
            }
        }
    }
}

impl Scaling {
    /// Scale and offset, `[n, c]` or `[c]`.
    fn at(&self, cond: &Tensor) -> (Tensor, Tensor) {
        match self {
            Self::Conditional { weight, bias } => halves(&cond.linear(weight, Some(bias))),
            Self::Given => halves(cond),
            Self::Constant { scale, offset } => (scale.shallow_clone(), offset.shallow_clone()),
        }
    }
}

impl Joint {
    /// Of folded norms, which from now on are given what it computes.
    pub(crate) fn of(norms: &mut [Norm]) -> Self {
        let (mut weights, mut biases) = (Vec::new(), Vec::new());
        for norm in norms {
            if let Norm::Folded(Scaling::Conditional { weight, bias }) = norm {
                weights.push(weight.shallow_clone());
                biases.push(bias.shallow_clone());
                *norm = Norm::Folded(Scaling::Given);
            }
        }
        let widths = biases.iter().map(|bias| bias.size()[0]).collect();
        Self { weight: Tensor::cat(&weights, 0), bias: Tensor::cat(&biases, 0), widths }
    }

    pub(crate) fn weight_mut(&mut self) -> &mut Tensor {
        &mut self.weight
    }

    /// What each of the norms is given: `cond [n, d]` → `[n, 2c]` each.
    pub(crate) fn at(&self, cond: &Tensor) -> Vec<Tensor> {
        cond.linear(&self.weight, Some(&self.bias)).split_with_sizes(&self.widths, 1)
    }
}

impl Recorder {
    /// All that were met so far.
    pub(crate) fn into_moments(self) -> Vec<Moments> {
        match self {
            Self::On(moments) => moments,
            Self::Off => vec![],
        }
    }

    fn record(&mut self, x: &Tensor) {
        if let Self::On(moments) = self {
            let (var, mean) = no_grad(|| x.var_mean_dim([0, 2, 3].as_slice(), false, false));
            moments.push(Moments { mean, var });
        }
    }
}

impl AddAssign for Moments {
    fn add_assign(&mut self, other: Self) {
        self.mean += other.mean;
        self.var += other.var;
    }
}

impl Div<f64> for Moments {
    type Output = Self;

    fn div(self, divisor: f64) -> Self {
        Self { mean: self.mean / divisor, var: self.var / divisor }
    }
}

/// `[n, 2c]` → `[n, c]` twice.
fn halves(both: &Tensor) -> (Tensor, Tensor) {
    let mut halves = both.chunk(2, 1);
    let second = halves.remove(1);
    (halves.remove(0), second)
}

/// `[n, c]` or `[c]`, to go with `[n, c, h, w]`.
fn per_channel(x: &Tensor) -> Tensor {
    x.unsqueeze(-1).unsqueeze(-1)
}
