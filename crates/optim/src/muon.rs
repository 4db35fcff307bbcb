//! # Muon
//!
//! Momentum whose every step is made orthogonal: all directions of a matrix move equally far,
//! strong ones and weak ones.
//!
//! ```text
//! B ← μ B + (1 - μ) G
//! O = NewtonSchulz(B)                      Nesterov: NewtonSchulz((1 - μ) G + μ B)
//! Θ ← Θ - γ λ Θ - γ s O
//!
//! NewtonSchulz(M):                         of M or, where it has more rows than columns, of Mᵀ
//!   X = M / max(‖M‖, ε)
//!   n times: A = X Xᵀ, X ← a X + (b A + c A²) X
//! ```
//!
//! Θ parameters, an r × q matrix, G their gradient, B its running mean, O nearly orthogonal
//! (singular values between about 0.7 and 1.2), γ `lr`, μ `momentum`, λ `weight_decay`, a `ns_a`, b
//! `ns_b`, c `ns_c`, n `ns_steps`, ε `eps`, and s by `adjust_lr_fn`. Newton-Schulz rounds every
//! matrix to bfloat16, as PyTorch's does, and sums in single precision.
//!
//! Tensors that are not matrices, which PyTorch refuses: the first dimension of three or more is
//! the rows and the others together the columns, as Muon's author does with convolutions; a vector
//! is one row, and a number a 1 × 1 matrix, so that O is nearly the direction of B.
//!
//! Source: Jordan et al. 2024 ([Muon: an optimizer for hidden
//! layers](https://kellerjordan.github.io/posts/muon/)); Liu et al. 2025 ([arXiv
//! 2502.16982](https://arxiv.org/abs/2502.16982)) for `match_rms_adamw`. Settings and defaults:
//! `torch.optim.Muon` of PyTorch 2.11 (`ns_coefficients`, entry by entry).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tch::{Kind, Tensor};
use torch_ext::scaled::axpy_;

use crate::declare::declare;
use crate::ops::{axpy, shrink_};
use crate::preset::Preset;
use crate::rule::{Step, TensorRule};
use crate::setting::{Eps, LearningRate, Momentum, NsA, NsB, NsC, NsSteps, WeightDecay};

declare! {
    /// Settings of [Muon](self).
    Muon {
        /// γ.
        lr: LearningRate = 1e-3,
        /// λ, taken off the parameters.
        weight_decay: WeightDecay = 0.1,
        /// μ.
        momentum: Momentum = 0.95,
        /// Uses Nesterov's lookahead.
        nesterov: bool = true,
        /// a.
        ns_a: NsA = 3.4445,
        /// b.
        ns_b: NsB = -4.775,
        /// c.
        ns_c: NsC = 2.0315,
        /// ε.
        eps: Eps = 1e-7,
        /// n.
        ns_steps: NsSteps = 5,
        /// Dependence of s on the shape.
        adjust_lr_fn: AdjustLr = "original",
    }
}

/// s: what the learning rate is multiplied by for an r × q matrix.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AdjustLr {
    /// √max(1, r / q).
    Original,
    /// 0.2 √max(r, q): a step as long as AdamW's usually is, so that its learning rates can be
    /// used.
    MatchRmsAdamw,
}

impl TensorRule for Muon {
    type State = [Tensor; 1];

    const STATE: &'static [&'static str] = &["momentum_buffer"];

    fn init(&self, theta: &Tensor) -> [Tensor; 1] {
        [theta.zeros_like()]
    }

    fn update(&self, at: Step, theta: &mut Tensor, g: &Tensor, [b]: &mut [Tensor; 1]) {
        let (lr, momentum) = (at.lr(self.lr), self.momentum.0);

        let _ = b.lerp_(g, 1.0 - momentum);
        let m = as_matrix(&if self.nesterov { g.lerp(b, momentum) } else { b.shallow_clone() });
        let o = self.orthogonalized(&m).to_kind(theta.kind()).reshape(theta.size());
        shrink_(theta, lr, self.weight_decay);
        axpy_(theta, -lr * self.adjust_lr_fn.factor(&m), &o);
    }
}

impl Muon {
    /// NewtonSchulz(M): sums in single precision, every matrix between them rounded to bfloat16.
    fn orthogonalized(&self, m: &Tensor) -> Tensor {
        let (rows, columns) = shape(m);
        let m = if rows > columns { m.tr() } else { m.shallow_clone() };
        let m = rounded(&m);
        let mut x = rounded(&(&m / rounded(&m.norm()).clamp_min(self.eps.0)));
        for _ in 0..self.ns_steps.0 {
            let a = rounded(&x.matmul(&x.tr()));
            let polynomial = rounded(&axpy(&(a.matmul(&a) * self.ns_c.0), self.ns_b.0, &a));
            x = rounded(&axpy(&polynomial.matmul(&x), self.ns_a.0, &x));
        }
        if rows > columns { x.tr() } else { x }
    }
}

impl AdjustLr {
    fn factor(self, matrix: &Tensor) -> f64 {
        let (rows, columns) = shape(matrix);
        match self {
            Self::Original => (rows / columns).max(1.0).sqrt(),
            Self::MatchRmsAdamw => 0.2 * rows.max(columns).sqrt(),
        }
    }
}

impl Preset<&str> for AdjustLr {
    fn preset(_original: &str) -> Self {
        Self::Original
    }
}

fn as_matrix(tensor: &Tensor) -> Tensor {
    match tensor.size()[..] {
        [] | [_] => tensor.reshape([1, -1]),
        [rows, ..] => tensor.reshape([rows, -1]),
    }
}

fn shape(matrix: &Tensor) -> (f64, f64) {
    let size = matrix.size();
    (size[0] as f64, size[1] as f64)
}

/// To the nearest bfloat16, as single precision: products of bfloat16 matrices are slow or missing
/// on many processors.
fn rounded(matrix: &Tensor) -> Tensor {
    matrix.to_kind(Kind::BFloat16).to_kind(Kind::Float)
}
