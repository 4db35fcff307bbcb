//! # RAdam
//!
//! [Adam](crate::adam) that trusts its second moment by degrees: not at all while too few gradients
//! were seen to know its variance, and rectified from then on.
//!
//! ```text
//! g ← g + λ θ                              decoupled: θ ← θ - γ λ θ
//! m ← β₁ m + (1 - β₁) g
//! v ← β₂ v + (1 - β₂) g²
//! m̂ = m / (1 - β₁ᵗ)
//! ρ∞ = 2 / (1 - β₂) - 1
//! ρₜ = ρ∞ - 2 t β₂ᵗ / (1 - β₂ᵗ)
//! if ρₜ > 5:
//!   r = √((ρₜ - 4) (ρₜ - 2) ρ∞ / ((ρ∞ - 4) (ρ∞ - 2) ρₜ))
//!   θ ← θ - γ m̂ r √(1 - β₂ᵗ) / (√v + ε)
//! else:
//!   θ ← θ - γ m̂
//! ```
//!
//! θ parameters, g their gradient, m and v its first and second moment, t the step (the first is
//! 1), ρₜ the length of the simple average that v is worth, γ `lr`, β₁ `beta1`, β₂ `beta2`, ε
//! `eps`, λ `weight_decay`.
//!
//! Source: Liu et al., ICLR 2020 ([arXiv 1908.03265](https://arxiv.org/abs/1908.03265)), Algorithm
//! 2, with the threshold of 5 that the authors' code and PyTorch have (the paper's is 4). Settings
//! and defaults: `torch.optim.RAdam` of PyTorch 2.11.

use tch::Tensor;
use torch_ext::scaled::addcmul_;

use crate::declare::declare;
use crate::ops::decay;
use crate::rule::{Step, TensorRule};
use crate::setting::{Beta1, Beta2, Eps, LearningRate, WeightDecay};

declare! {
    /// Settings of [RAdam](self).
    RAdam {
        /// γ.
        lr: LearningRate = 1e-3,
        /// β₁.
        beta1: Beta1 = 0.9,
        /// β₂.
        beta2: Beta2 = 0.999,
        /// ε.
        eps: Eps = 1e-8,
        /// λ.
        weight_decay: WeightDecay = 0.0,
        /// Takes λ off the parameters instead of adding it to the gradient.
        decoupled_weight_decay: bool = false,
    }
}

impl TensorRule for RAdam {
    type State = [Tensor; 2];

    const STATE: &'static [&'static str] = &["exp_avg", "exp_avg_sq"];

    fn init(&self, theta: &Tensor) -> [Tensor; 2] {
        [theta.zeros_like(), theta.zeros_like()]
    }

    fn update(&self, at: Step, theta: &mut Tensor, g: &Tensor, [m, v]: &mut [Tensor; 2]) {
        let (lr, beta1, beta2) = (at.lr(self.lr), self.beta1.0, self.beta2.0);

        let g = &decay(theta, g, lr, self.weight_decay, self.decoupled_weight_decay);
        let _ = m.lerp_(g, 1.0 - beta1);
        let _ = v.g_mul_scalar_(beta2);
        addcmul_(v, 1.0 - beta2, g, g);

        let mut delta = &*m / at.bias_correction(beta1) * lr;
        if let Some(rectification) = self.rectification(at) {
            let mut adaptive = v.sqrt();
            let _ = adaptive.g_add_scalar_(self.eps.0).reciprocal_();
            let _ = adaptive.g_mul_scalar_(at.bias_correction(beta2).sqrt());
            let _ = delta.g_mul_(&adaptive).g_mul_scalar_(rectification);
        }
        let _ = theta.g_sub_(&delta);
    }
}

impl RAdam {
    /// r, once the variance of the second moment is known.
    fn rectification(&self, at: Step) -> Option<f64> {
        let (t, beta2) = (at.t as f64, self.beta2.0);
        let rho_inf = 2.0 / (1.0 - beta2) - 1.0;
        let rho = rho_inf - 2.0 * t * beta2.powf(t) / at.bias_correction(beta2);
        let ratio = (rho - 4.0) * (rho - 2.0) * rho_inf / ((rho_inf - 4.0) * (rho_inf - 2.0) * rho);
        (rho > 5.0).then(|| ratio.sqrt())
    }
}
