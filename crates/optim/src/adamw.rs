//! # AdamW
//!
//! [Adam](crate::adam) whose weight decay acts on the parameters alone, so that the second moment
//! does not divide it.
//!
//! ```text
//! θ ← θ - γ λ θ
//! m, v, θ as Adam does without weight decay
//! ```
//!
//! Symbols are Adam's; λ is `weight_decay`.
//!
//! Source: Loshchilov & Hutter, ICLR 2019 ([arXiv 1711.05101](https://arxiv.org/abs/1711.05101)),
//! Algorithm 2; the decay is multiplied by γ, as in `torch.optim.AdamW`, not by the schedule alone.
//! Settings and defaults: `torch.optim.AdamW` of PyTorch 2.11.

use tch::Tensor;

use crate::adam::Adam;
use crate::declare::declare;
use crate::ops::shrink_;
use crate::rule::{Step, TensorRule};
use crate::setting::{Beta1, Beta2, Eps, LearningRate, WeightDecay};

declare! {
    /// Settings of [AdamW](self).
    AdamW {
        /// γ.
        lr: LearningRate = 1e-3,
        /// β₁.
        beta1: Beta1 = 0.9,
        /// β₂.
        beta2: Beta2 = 0.999,
        /// ε.
        eps: Eps = 1e-8,
        /// λ, taken off the parameters.
        weight_decay: WeightDecay = 1e-2,
        /// Uses AMSGrad's largest second moment.
        amsgrad: bool = false,
    }
}

impl TensorRule for AdamW {
    type State = <Adam as TensorRule>::State;

    const STATE: &'static [&'static str] = Adam::STATE;

    fn init(&self, theta: &Tensor) -> Self::State {
        self.adam().init(theta)
    }

    fn update(&self, at: Step, theta: &mut Tensor, g: &Tensor, state: &mut Self::State) {
        shrink_(theta, at.lr(self.lr), self.weight_decay);
        self.adam().update(at, theta, g, state);
    }
}

impl AdamW {
    fn adam(&self) -> Adam {
        let Self { lr, beta1, beta2, eps, amsgrad, .. } = *self;
        Adam { lr, beta1, beta2, eps, amsgrad, ..Adam::default() }
    }
}
