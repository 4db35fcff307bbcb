//! # Schedule-Free AdamW
//!
//! [AdamW](crate::adamw) that needs no decaying schedule: gradients are taken between the fast
//! iterate and the average of its path, and the average is where it is judged.
//!
//! ```text
//! v ← β₂ v + (1 - β₂) g²                   g is the gradient at y, the live parameters
//! Δ = g / (√(v / (1 - β₂ᵗ)) + ε) + λ y
//! z ← z - γₜ Δ
//! c = γₜ² / (γ₁² + … + γₜ²)
//! x ← (1 - c) x + c z
//! y = (1 - β₁) z + β₁ x
//! ```
//!
//! y live parameters, g their gradient, v its second moment, z the fast iterate, x the average
//! (both start at y), t the step (the first is 1), γₜ `lr` times the schedule's factor, β₁ `beta1`,
//! β₂ `beta2`, ε `eps`, λ `weight_decay`. A warm-up helps; a decay is what it does without.
//!
//! Evaluation point: x.
//!
//! Source: Defazio et al., NeurIPS 2024 ([arXiv 2405.15682](https://arxiv.org/abs/2405.15682)),
//! Algorithm 1. Defaults: those of the authors' code, which weighs steps by the largest γ so far,
//! where the paper weighs them by their own.

use tch::{Device, Kind, Tensor};
use torch_ext::scaled::{addcmul_, axpy_};

use crate::declare::declare;
use crate::ops::decayed;
use crate::rule::{Step, TensorRule};
use crate::setting::{Beta1, Beta2, Eps, LearningRate, WeightDecay};

declare! {
    /// Settings of [Schedule-Free AdamW](self).
    ScheduleFreeAdamW {
        /// γ.
        lr: LearningRate = 2.5e-3,
        /// β₁.
        beta1: Beta1 = 0.9,
        /// β₂.
        beta2: Beta2 = 0.999,
        /// ε.
        eps: Eps = 1e-8,
        /// λ, taken off z.
        weight_decay: WeightDecay = 0.0,
    }
}

impl TensorRule for ScheduleFreeAdamW {
    type State = [Tensor; 4];

    const STATE: &'static [&'static str] = &["z", "x", "exp_avg_sq", "weight_sum"];

    fn init(&self, y: &Tensor) -> [Tensor; 4] {
        // The sum of γ² is known to the host alone, whatever device computes the rest.
        let weight_sum = Tensor::zeros([0; 0], (Kind::Double, Device::Cpu));
        [y.copy(), y.copy(), y.zeros_like(), weight_sum]
    }

    fn update(&self, at: Step, y: &mut Tensor, g: &Tensor, [z, x, v, weight_sum]: &mut [Tensor; 4]) {
        let (lr, beta2) = (at.lr(self.lr), self.beta2.0);
        let _ = weight_sum.g_add_scalar_(lr * lr);
        let sum = weight_sum.double_value(&[]);
        let c = if sum > 0.0 { lr * lr / sum } else { 0.0 };

        let _ = v.g_mul_scalar_(beta2);
        addcmul_(v, 1.0 - beta2, g, g);
        let mut denominator = (&*v / at.bias_correction(beta2)).sqrt_();
        let _ = denominator.g_add_scalar_(self.eps.0);
        let delta = decayed(&(g / denominator), self.weight_decay, y);

        axpy_(z, -lr, &delta);
        let _ = x.lerp_(z, c);
        y.copy_(&z.lerp(x, self.beta1.0));
    }

    fn evaluation_point(&self, _y: &Tensor, [_z, x, ..]: &[Tensor; 4]) -> Tensor {
        x.shallow_clone()
    }
}
