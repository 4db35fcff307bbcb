//! # Adadelta
//!
//! Scales the gradient by the ratio of two root mean squares, of past steps and of past gradients,
//! so that a step has the units of the parameters.
//!
//! ```text
//! g ← g + λ θ
//! v ← ρ v + (1 - ρ) g²
//! Δ = √(u + ε) / √(v + ε) · g
//! u ← ρ u + (1 - ρ) Δ²
//! θ ← θ - γ Δ
//! ```
//!
//! θ parameters, g their gradient, v and u running means of squared gradients and squared steps, γ
//! `lr`, ρ `rho`, ε `eps`, λ `weight_decay`. u starts at zero, so the first steps are about √(ε /
//! (1 - ρ)) and grow from there.
//!
//! Source: Zeiler 2012 ([arXiv 1212.5701](https://arxiv.org/abs/1212.5701)), Algorithm 1, where γ
//! is 1. Settings and defaults: `torch.optim.Adadelta` of PyTorch 2.11.

use tch::Tensor;
use torch_ext::scaled::{addcmul_, axpy_};

use crate::declare::declare;
use crate::ops::decayed;
use crate::rule::{Step, TensorRule};
use crate::setting::{Eps, LearningRate, Rho, WeightDecay};

declare! {
    /// Settings of [Adadelta](self).
    Adadelta {
        /// γ.
        lr: LearningRate = 1.0,
        /// ρ.
        rho: Rho = 0.9,
        /// ε.
        eps: Eps = 1e-6,
        /// λ, added to the gradient.
        weight_decay: WeightDecay = 0.0,
    }
}

impl TensorRule for Adadelta {
    type State = [Tensor; 2];

    const STATE: &'static [&'static str] = &["square_avg", "acc_delta"];

    fn init(&self, theta: &Tensor) -> [Tensor; 2] {
        [theta.zeros_like(), theta.zeros_like()]
    }

    fn update(&self, at: Step, theta: &mut Tensor, g: &Tensor, [v, u]: &mut [Tensor; 2]) {
        let (rho, eps) = (self.rho.0, self.eps.0);

        let g = &decayed(g, self.weight_decay, theta);
        let _ = v.g_mul_scalar_(rho);
        addcmul_(v, 1.0 - rho, g, g);
        let mut delta = (&*u + eps).sqrt_();
        let _ = delta.g_div_(&(&*v + eps).sqrt_());
        let _ = delta.g_mul_(g);
        let _ = u.g_mul_scalar_(rho);
        addcmul_(u, 1.0 - rho, &delta, &delta);
        axpy_(theta, -at.lr(self.lr), &delta);
    }
}
