//! # Adam
//!
//! Steps by a running mean of the gradient over the root of a running mean of its square, entry by
//! entry; both means are corrected for having started at zero.
//!
//! ```text
//! g ← g + λ θ
//! m ← β₁ m + (1 - β₁) g
//! v ← β₂ v + (1 - β₂) g²
//! m̂ = m / (1 - β₁ᵗ)
//! v̂ = v / (1 - β₂ᵗ)                       AMSGrad: the largest v so far, over 1 - β₂ᵗ
//! θ ← θ - γ m̂ / (√v̂ + ε)
//! ```
//!
//! θ parameters, g their gradient, m and v its first and second moment, t the step (the first is
//! 1), γ `lr`, β₁ `beta1`, β₂ `beta2`, ε `eps`, λ `weight_decay`. Its decay passes through both
//! moments: [AdamW](crate::adamw)'s does not.
//!
//! Source: Kingma & Ba, ICLR 2015 ([arXiv 1412.6980](https://arxiv.org/abs/1412.6980)), Algorithm
//! 1; AMSGrad: Reddi et al., ICLR 2018 ([arXiv 1904.09237](https://arxiv.org/abs/1904.09237)), with
//! the bias corrections of `torch.optim.Adam`. Settings and defaults: `torch.optim.Adam` of PyTorch
//! 2.11.

use tch::Tensor;
use torch_ext::scaled::{addcdiv_, addcmul_};

use crate::declare::declare;
use crate::ops::decayed;
use crate::rule::{Step, TensorRule, zeros_if};
use crate::setting::{Beta1, Beta2, Eps, LearningRate, WeightDecay};

declare! {
    /// Settings of [Adam](self).
    Adam {
        /// γ.
        lr: LearningRate = 1e-3,
        /// β₁.
        beta1: Beta1 = 0.9,
        /// β₂.
        beta2: Beta2 = 0.999,
        /// ε.
        eps: Eps = 1e-8,
        /// λ, added to the gradient.
        weight_decay: WeightDecay = 0.0,
        /// Uses AMSGrad's largest second moment.
        amsgrad: bool = false,
    }
}

impl TensorRule for Adam {
    type State = [Tensor; 3];

    const STATE: &'static [&'static str] = &["exp_avg", "exp_avg_sq", "max_exp_avg_sq"];

    fn init(&self, theta: &Tensor) -> [Tensor; 3] {
        [theta.zeros_like(), theta.zeros_like(), zeros_if(self.amsgrad, theta)]
    }

    fn update(&self, at: Step, theta: &mut Tensor, g: &Tensor, [m, v, v_max]: &mut [Tensor; 3]) {
        let (beta1, beta2) = (self.beta1.0, self.beta2.0);

        let g = &decayed(g, self.weight_decay, theta);
        let _ = m.lerp_(g, 1.0 - beta1);
        let _ = v.g_mul_scalar_(beta2);
        addcmul_(v, 1.0 - beta2, g, g);
        if self.amsgrad {
            *v_max = v_max.maximum(v);
        }
        let v = if self.amsgrad { v_max } else { v };

        let mut denominator = v.sqrt();
        let _ = denominator.g_div_scalar_(at.bias_correction(beta2).sqrt());
        let _ = denominator.g_add_scalar_(self.eps.0);
        let step_size = at.lr(self.lr) / at.bias_correction(beta1);
        addcdiv_(theta, -step_size, m, &denominator);
    }
}
