//! # AdaBelief
//!
//! [Adam](crate::adam) that divides by how far gradients stray from their running mean: it takes
//! long steps where a gradient is as expected, short ones where it surprises.
//!
//! ```text
//! θ ← θ - γ λ θ
//! m ← β₁ m + (1 - β₁) g
//! s ← β₂ s + (1 - β₂) (g - m)² + ε
//! m̂ = m / (1 - β₁ᵗ)
//! ŝ = s / (1 - β₂ᵗ)
//! θ ← θ - γ m̂ / (√ŝ + ε)
//! ```
//!
//! θ parameters, g their gradient, m its running mean, s its variance about m, t the step (the
//! first is 1), γ `lr`, β₁ `beta1`, β₂ `beta2`, ε `eps`, λ `weight_decay`.
//!
//! Source: Zhuang et al., NeurIPS 2020 ([arXiv 2010.07468](https://arxiv.org/abs/2010.07468)),
//! Algorithm 2. Defaults: those of the authors' PyTorch code, whose decay is decoupled; without its
//! rectification, which is [RAdam](crate::radam)'s.

use tch::Tensor;
use torch_ext::scaled::{addcdiv_, addcmul_};

use crate::declare::declare;
use crate::ops::shrink_;
use crate::rule::{Step, TensorRule};
use crate::setting::{Beta1, Beta2, Eps, LearningRate, WeightDecay};

declare! {
    /// Settings of [AdaBelief](self).
    AdaBelief {
        /// γ.
        lr: LearningRate = 1e-3,
        /// β₁.
        beta1: Beta1 = 0.9,
        /// β₂.
        beta2: Beta2 = 0.999,
        /// ε.
        eps: Eps = 1e-16,
        /// λ, taken off the parameters.
        weight_decay: WeightDecay = 0.0,
    }
}

impl TensorRule for AdaBelief {
    type State = [Tensor; 2];

    const STATE: &'static [&'static str] = &["exp_avg", "exp_avg_var"];

    fn init(&self, theta: &Tensor) -> [Tensor; 2] {
        [theta.zeros_like(), theta.zeros_like()]
    }

    fn update(&self, at: Step, theta: &mut Tensor, g: &Tensor, [m, s]: &mut [Tensor; 2]) {
        let (lr, beta1, beta2, eps) = (at.lr(self.lr), self.beta1.0, self.beta2.0, self.eps.0);

        shrink_(theta, lr, self.weight_decay);
        let _ = m.lerp_(g, 1.0 - beta1);
        let surprise = g - &*m;
        let _ = s.g_mul_scalar_(beta2);
        addcmul_(s, 1.0 - beta2, &surprise, &surprise);
        let _ = s.g_add_scalar_(eps);

        let mut denominator = s.sqrt();
        let _ = denominator.g_div_scalar_(at.bias_correction(beta2).sqrt());
        let _ = denominator.g_add_scalar_(eps);
        addcdiv_(theta, -lr / at.bias_correction(beta1), m, &denominator);
    }
}
