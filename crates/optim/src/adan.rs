//! # Adan
//!
//! [Adam](crate::adam) with Nesterov's look-ahead estimated from the difference of successive
//! gradients.
//!
//! ```text
//! d = g - g_prev                           at the first step 0
//! m ← β₁ m + (1 - β₁) g
//! v ← β₂ v + (1 - β₂) d
//! n ← β₃ n + (1 - β₃) (g + β₂ d)²
//! m̂ = m / (1 - β₁ᵗ), v̂ = v / (1 - β₂ᵗ), n̂ = n / (1 - β₃ᵗ)
//! θ ← (θ - γ (m̂ + β₂ v̂) / (√n̂ + ε)) / (1 + γ λ)
//! ```
//!
//! θ parameters, g their gradient, m, v and n running means of gradient, difference and squared
//! look-ahead, t the step (the first is 1), γ `lr`, β₁ `beta1`, β₂ `beta2`, β₃ `beta3`, ε `eps`, λ
//! `weight_decay`. The βs say what is kept; the paper writes 1 - β for them.
//!
//! Source: Xie et al. 2022 ([arXiv 2208.06677](https://arxiv.org/abs/2208.06677)), Algorithm 1,
//! with the bias corrections of the authors' code in place of averages that start at the first
//! gradient. Defaults: those of that code.

use tch::Tensor;
use torch_ext::scaled::{addcdiv_, addcmul_, scalar};

use crate::declare::declare;
use crate::ops::axpy;
use crate::rule::{Step, TensorRule};
use crate::setting::{Beta1, Beta2, Beta3, Eps, LearningRate, WeightDecay};

declare! {
    /// Settings of [Adan](self).
    Adan {
        /// γ.
        lr: LearningRate = 1e-3,
        /// β₁.
        beta1: Beta1 = 0.98,
        /// β₂.
        beta2: Beta2 = 0.92,
        /// β₃.
        beta3: Beta3 = 0.99,
        /// ε.
        eps: Eps = 1e-8,
        /// λ.
        weight_decay: WeightDecay = 0.0,
    }
}

impl TensorRule for Adan {
    type State = [Tensor; 4];

    const STATE: &'static [&'static str] = &["exp_avg", "exp_avg_diff", "exp_avg_sq", "previous_grad"];

    fn init(&self, theta: &Tensor) -> [Tensor; 4] {
        [theta.zeros_like(), theta.zeros_like(), theta.zeros_like(), theta.zeros_like()]
    }

    fn update(&self, at: Step, theta: &mut Tensor, g: &Tensor, [m, v, n, g_prev]: &mut [Tensor; 4]) {
        let lr = at.lr(self.lr);
        let (beta1, beta2, beta3) = (self.beta1.0, self.beta2.0, self.beta3.0);
        if at.t == 1 {
            g_prev.copy_(g);
        }

        let d = &(g - &*g_prev);
        let _ = m.lerp_(g, 1.0 - beta1);
        let _ = v.lerp_(d, 1.0 - beta2);
        let look_ahead = axpy(g, beta2, d);
        let _ = n.g_mul_scalar_(beta3);
        addcmul_(n, 1.0 - beta3, &look_ahead, &look_ahead);

        let mut denominator = n.sqrt();
        let _ = denominator.g_div_scalar_(at.bias_correction(beta3).sqrt());
        let _ = denominator.g_add_scalar_(self.eps.0);
        addcdiv_(theta, -lr / at.bias_correction(beta1), m, &denominator);
        addcdiv_(theta, -lr * beta2 / at.bias_correction(beta2), v, &denominator);
        if self.weight_decay.0 != 0.0 {
            let divisor = scalar(theta, 1.0 + lr * self.weight_decay.0);
            let _ = theta.g_div_scalar_(divisor);
        }
        g_prev.copy_(g);
    }
}
