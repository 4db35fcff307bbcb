//! # Lion
//!
//! Steps by the sign of a blend of momentum and gradient: every entry moves by γ, whatever its
//! gradient.
//!
//! ```text
//! c = β₁ m + (1 - β₁) g
//! θ ← θ - γ (sign(c) + λ θ)
//! m ← β₂ m + (1 - β₂) g
//! ```
//!
//! θ parameters, g their gradient, m momentum, γ `lr`, β₁ `beta1`, β₂ `beta2`, λ `weight_decay`.
//! The paper finds that good learning rates are 3 to 10 times smaller than AdamW's. A step never
//! shrinks by itself: use a schedule.
//!
//! Source: Chen et al., NeurIPS 2023 ([arXiv 2302.06675](https://arxiv.org/abs/2302.06675)),
//! Algorithm 2. Defaults: those of the authors' PyTorch code.

use tch::Tensor;
use torch_ext::scaled::axpy_;

use crate::declare::declare;
use crate::ops::shrink_;
use crate::rule::{Step, TensorRule};
use crate::setting::{Beta1, Beta2, LearningRate, WeightDecay};

declare! {
    /// Settings of [Lion](self).
    Lion {
        /// γ.
        lr: LearningRate = 1e-4,
        /// β₁.
        beta1: Beta1 = 0.9,
        /// β₂.
        beta2: Beta2 = 0.99,
        /// λ, taken off the parameters.
        weight_decay: WeightDecay = 0.0,
    }
}

impl TensorRule for Lion {
    type State = [Tensor; 1];

    const STATE: &'static [&'static str] = &["exp_avg"];

    fn init(&self, theta: &Tensor) -> [Tensor; 1] {
        [theta.zeros_like()]
    }

    fn update(&self, at: Step, theta: &mut Tensor, g: &Tensor, [m]: &mut [Tensor; 1]) {
        let lr = at.lr(self.lr);

        shrink_(theta, lr, self.weight_decay);
        let direction = m.lerp(g, 1.0 - self.beta1.0).sign_();
        let _ = m.lerp_(g, 1.0 - self.beta2.0);
        axpy_(theta, -lr, &direction);
    }
}
