//! # Adagrad
//!
//! Divides the gradient by the root of the sum of all its squares, so that steps shrink as
//! gradients are seen.
//!
//! ```text
//! g ← g + λ θ
//! γₜ = γ / (1 + (t - 1) η)
//! G ← G + g²                               at the first step G = τ before it
//! θ ← θ - γₜ g / (√G + ε)
//! ```
//!
//! θ parameters, g their gradient, G the sum of its squares, t the step (the first is 1), γ `lr`, η
//! `lr_decay`, τ `initial_accumulator_value`, ε `eps`, λ `weight_decay`.
//!
//! Source: Duchi, Hazan & Singer, JMLR 12 (2011), section 1.1, with diagonal matrices. Settings and
//! defaults: `torch.optim.Adagrad` of PyTorch 2.11.

use tch::Tensor;
use torch_ext::scaled::addcdiv_;

use crate::declare::declare;
use crate::ops::decayed;
use crate::rule::{Step, TensorRule};
use crate::setting::{Eps, InitialAccumulator, LearningRate, LrDecay, WeightDecay};

declare! {
    /// Settings of [Adagrad](self).
    Adagrad {
        /// γ.
        lr: LearningRate = 1e-2,
        /// η.
        lr_decay: LrDecay = 0.0,
        /// λ, added to the gradient.
        weight_decay: WeightDecay = 0.0,
        /// τ.
        initial_accumulator_value: InitialAccumulator = 0.0,
        /// ε.
        eps: Eps = 1e-10,
    }
}

impl TensorRule for Adagrad {
    type State = [Tensor; 1];

    const STATE: &'static [&'static str] = &["sum"];

    fn init(&self, theta: &Tensor) -> [Tensor; 1] {
        [theta.full_like(self.initial_accumulator_value.0)]
    }

    fn update(&self, at: Step, theta: &mut Tensor, g: &Tensor, [sum]: &mut [Tensor; 1]) {
        let lr = at.lr(self.lr) / (1.0 + (at.t - 1) as f64 * self.lr_decay.0);

        let g = &decayed(g, self.weight_decay, theta);
        let _ = sum.addcmul_(g, g);
        let mut denominator = sum.sqrt();
        let _ = denominator.g_add_scalar_(self.eps.0);
        addcdiv_(theta, -lr, g, &denominator);
    }
}
