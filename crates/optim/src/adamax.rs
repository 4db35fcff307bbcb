//! # Adamax
//!
//! [Adam](crate::adam) with the largest recent gradient in place of the root of the second moment.
//!
//! ```text
//! g ← g + λ θ
//! m ← β₁ m + (1 - β₁) g
//! u ← max(β₂ u, |g| + ε)
//! θ ← θ - γ / (1 - β₁ᵗ) · m / u
//! ```
//!
//! θ parameters, g their gradient, m its first moment, u its decaying maximum, t the step (the
//! first is 1), γ `lr`, β₁ `beta1`, β₂ `beta2`, ε `eps`, λ `weight_decay`.
//!
//! Source: Kingma & Ba, ICLR 2015 ([arXiv 1412.6980](https://arxiv.org/abs/1412.6980)), Algorithm
//! 2, which has no ε. Settings and defaults: `torch.optim.Adamax` of PyTorch 2.11.

use tch::Tensor;
use torch_ext::scaled::addcdiv_;

use crate::declare::declare;
use crate::ops::decayed;
use crate::rule::{Step, TensorRule};
use crate::setting::{Beta1, Beta2, Eps, LearningRate, WeightDecay};

declare! {
    /// Settings of [Adamax](self).
    Adamax {
        /// γ.
        lr: LearningRate = 2e-3,
        /// β₁.
        beta1: Beta1 = 0.9,
        /// β₂.
        beta2: Beta2 = 0.999,
        /// ε.
        eps: Eps = 1e-8,
        /// λ, added to the gradient.
        weight_decay: WeightDecay = 0.0,
    }
}

impl TensorRule for Adamax {
    type State = [Tensor; 2];

    const STATE: &'static [&'static str] = &["exp_avg", "exp_inf"];

    fn init(&self, theta: &Tensor) -> [Tensor; 2] {
        [theta.zeros_like(), theta.zeros_like()]
    }

    fn update(&self, at: Step, theta: &mut Tensor, g: &Tensor, [m, u]: &mut [Tensor; 2]) {
        let g = &decayed(g, self.weight_decay, theta);
        let _ = m.lerp_(g, 1.0 - self.beta1.0);
        let _ = u.g_mul_scalar_(self.beta2.0);
        *u = u.maximum(&g.abs().g_add_scalar_(self.eps.0));
        addcdiv_(theta, -at.lr(self.lr) / at.bias_correction(self.beta1.0), m, u);
    }
}
