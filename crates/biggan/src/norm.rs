use std::ops::{AddAssign, Div};

use checkpoint::Scope;
use tch::Tensor;
use torch_ext::no_grad;

use crate::{
    named::{Named, Role, under},
    truncation::interpolate,
    weight::Weight,
};

/// Batch normalization, then a scale and an offset per channel.
#[derive(Debug)]
pub(crate) enum Norm {
    /// Normalizes by the statistics of the batch at hand, and stores those for a frozen network.
    Trained { running_means: Tensor, running_vars: Tensor, affine: Affine, eps: f64 },
    /// Stored statistics, scale and offset in one.
    Folded(Scaling),
}

/// The affine part that follows the normalization.
#[derive(Debug)]
pub(crate) enum Affine {
    /// Scale 1 + Wₛ·cond and offset Wₒ·cond.
    Conditional { scale: Weight, offset: Weight },
    /// Scale and offset of their own.
    Plain { weight: Tensor, bias: Tensor },
}

/// A folded norm: x · scale + offset, `[n, c, 1, 1]` or `[c, 1, 1]` each.
#[derive(Debug)]
pub(crate) struct Scaling {
    scale: Tensor,
    offset: Tensor,
}

/// Mean and biased variance per channel over a batch, `[c]` each.
#[derive(Debug)]
pub(crate) struct Moments {
    pub(crate) mean: Tensor,
    pub(crate) var: Tensor,
}

/// Stored mean and 1 / std of each channel, `[c]`.
struct Stored {
    mean: Tensor,
    inv_std: Tensor,
}

/// Several folded norms that have the same cond: one affine map instead of two for each.
#[derive(Debug)]
pub(crate) struct FusedNorms {
    weight: Tensor,   // [Σ 2c, d]: of each norm the scales, then the offsets
    bias: Tensor,     // [Σ 2c]
    widths: Vec<i64>, // c of each norm twice
}

/// Decides whether a forward pass records batch statistics.
#[derive(Debug)]
pub(crate) enum BatchStatistics {
    Off,
    /// Statistics of every normalization, in the order of the forward pass.
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
    pub(crate) fn forward(&self, x: &Tensor, cond: &Tensor, statistics: &mut BatchStatistics) -> Tensor {
        match self {
            Self::Folded(scaling) => scaling.of(x),
            Self::Trained { affine, eps, .. } => {
                statistics.record(x);
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
                affine.at(cond).of(&x)
            }
        }
    }

    /// With the statistics stored for `truncation`; of a plain one only, others are folded
    /// [jointly](FusedNorms::fold).
    pub(crate) fn fold(self, truncation: f64) -> Self {
        match self {
            Self::Trained { running_means, running_vars, affine: Affine::Plain { weight, bias }, eps } => {
                no_grad(|| {
                    let Stored { mean, inv_std } = Stored::at(&running_means, &running_vars, truncation, eps);
                    let scale = weight * inv_std;
                    let offset = bias - mean * &scale;
                    Self::Folded(Scaling { scale: per_channel(&scale), offset: per_channel(&offset) })
                })
            }
            other => other,
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
    fn at(&self, cond: &Tensor) -> Scaling {
        let (scale, offset) = match self {
            Self::Conditional { scale, offset } => {
                let none = None::<Tensor>;
                (
                    1.0 + cond.linear(&scale.normalized(), none.as_ref()),
                    cond.linear(&offset.normalized(), none.as_ref()),
                )
            }
            Self::Plain { weight, bias } => (weight.shallow_clone(), bias.shallow_clone()),
        };
        Scaling { scale: per_channel(&scale), offset: per_channel(&offset) }
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
    /// Of `x [n, c, h, w]`. Not by `addcmul`, whose gradient multiplies x by one, a number, first.
    pub(crate) fn of(&self, x: &Tensor) -> Tensor {
        (x * &self.scale).g_add_(&self.offset)
    }
}

impl Stored {
    fn at(running_means: &Tensor, running_vars: &Tensor, truncation: f64, eps: f64) -> Self {
        Self {
            mean: interpolate(running_means, truncation),
            inv_std: (interpolate(running_vars, truncation) + eps).rsqrt(),
        }
    }
}

impl FusedNorms {
    /// Folds conditional norms with the statistics stored for `truncation`.
    pub(crate) fn fold(norms: &[Norm], truncation: f64) -> Self {
        let (mut weights, mut biases) = (Vec::new(), Vec::new());
        for norm in norms {
            let Norm::Trained {
                running_means,
                running_vars,
                affine: Affine::Conditional { scale, offset },
                eps,
            } = norm
            else {
                unreachable!("the norms of a block are conditional, and folded once")
            };
            no_grad(|| {
                let Stored { mean, inv_std } = Stored::at(running_means, running_vars, truncation, *eps);
                let scale = scale.normalized() * inv_std.unsqueeze(1);
                let offset = offset.normalized() - &scale * mean.unsqueeze(1);
                weights.extend([scale, offset]);
                biases.extend([inv_std.shallow_clone(), -mean * inv_std]);
            });
        }
        let widths = biases.iter().map(|bias| bias.size()[0]).collect();
        Self { weight: Tensor::cat(&weights, 0), bias: Tensor::cat(&biases, 0), widths }
    }

    pub(crate) fn weight_mut(&mut self) -> &mut Tensor {
        &mut self.weight
    }

    /// The folded scaling of each norm for `cond [n, d]`.
    pub(crate) fn at(&self, cond: &Tensor) -> Vec<Scaling> {
        let all = per_channel(&cond.linear(&self.weight, Some(&self.bias)));
        let mut parts = all.split_with_sizes(&self.widths, 1).into_iter();
        std::iter::from_fn(|| Some(Scaling { scale: parts.next()?, offset: parts.next()? })).collect()
    }
}

impl BatchStatistics {
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

/// `[.., c]`, to go with `[n, c, h, w]`.
fn per_channel(x: &Tensor) -> Tensor {
    x.unflatten(-1, [-1, 1, 1])
}
