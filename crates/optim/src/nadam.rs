//! # NAdam
//!
//! [Adam](crate::adam) with Nesterov's look-ahead in place of plain momentum.
//!
//! ```text
//! g ← g + λ θ                              decoupled: θ ← θ - γ λ θ
//! μₜ = β₁ (1 - ½ 0.96^(t ψ))
//! m ← β₁ m + (1 - β₁) g
//! v ← β₂ v + (1 - β₂) g²
//! m̂ = μₜ₊₁ m / (1 - μ₁ μ₂ … μₜ₊₁) + (1 - μₜ) g / (1 - μ₁ μ₂ … μₜ)
//! v̂ = v / (1 - β₂ᵗ)
//! θ ← θ - γ m̂ / (√v̂ + ε)
//! ```
//!
//! θ parameters, g their gradient, m and v its first and second moment, μₜ the momentum at step t
//! (the first is 1), γ `lr`, β₁ `beta1`, β₂ `beta2`, ε `eps`, ψ `momentum_decay`, λ `weight_decay`.
//!
//! Source: Dozat, ICLR 2016 workshop (Incorporating Nesterov Momentum into Adam), Algorithm 2 and
//! the warming momentum of its experiments. Settings and defaults: `torch.optim.NAdam` of PyTorch
//! 2.11.

use tch::{Device, Kind, Tensor};
use torch_ext::scaled::{addcdiv_, addcmul_};

use crate::declare::declare;
use crate::ops::decay;
use crate::rule::{Step, TensorRule};
use crate::setting::{Beta1, Beta2, Eps, LearningRate, MomentumDecay, WeightDecay};

declare! {
    /// Settings of [NAdam](self).
    NAdam {
        /// γ.
        lr: LearningRate = 2e-3,
        /// β₁.
        beta1: Beta1 = 0.9,
        /// β₂.
        beta2: Beta2 = 0.999,
        /// ε.
        eps: Eps = 1e-8,
        /// λ.
        weight_decay: WeightDecay = 0.0,
        /// ψ.
        momentum_decay: MomentumDecay = 4e-3,
        /// Takes λ off the parameters instead of adding it to the gradient.
        decoupled_weight_decay: bool = false,
    }
}

impl TensorRule for NAdam {
    type State = [Tensor; 3];

    const STATE: &'static [&'static str] = &["exp_avg", "exp_avg_sq", "mu_product"];

    fn init(&self, theta: &Tensor) -> [Tensor; 3] {
        // The product of the momenta is known to the host alone, whatever device computes the rest.
        let mu_product = Tensor::ones([0; 0], (Kind::Double, Device::Cpu));
        [theta.zeros_like(), theta.zeros_like(), mu_product]
    }

    fn update(&self, at: Step, theta: &mut Tensor, g: &Tensor, [m, v, mu_product]: &mut [Tensor; 3]) {
        let (lr, beta1, beta2) = (at.lr(self.lr), self.beta1.0, self.beta2.0);
        let (mu, mu_next) = (self.mu(at.t), self.mu(at.t + 1));
        let _ = mu_product.g_mul_scalar_(mu);
        let product = mu_product.double_value(&[]);

        let g = &decay(theta, g, lr, self.weight_decay, self.decoupled_weight_decay);
        let _ = m.lerp_(g, 1.0 - beta1);
        let _ = v.g_mul_scalar_(beta2);
        addcmul_(v, 1.0 - beta2, g, g);

        let mut denominator = (&*v / at.bias_correction(beta2)).sqrt_();
        let _ = denominator.g_add_scalar_(self.eps.0);
        addcdiv_(theta, -lr * (1.0 - mu) / (1.0 - product), g, &denominator);
        addcdiv_(theta, -lr * mu_next / (1.0 - product * mu_next), m, &denominator);
    }
}

impl NAdam {
    /// μₜ.
    fn mu(&self, t: u64) -> f64 {
        self.beta1.0 * (1.0 - 0.5 * 0.96_f64.powf(t as f64 * self.momentum_decay.0))
    }
}
