//! # ASGD
//!
//! Gradient descent with a slowly falling step, and beside it the average of the parameters, which
//! is where it is judged.
//!
//! ```text
//! g ← g + Λ θ
//! ηₜ = γ / (1 + λ γ (t - 1))^α
//! θ ← (1 - λ ηₜ) θ - ηₜ g
//! μₜ = 1 / max(1, t - 1 - t₀)
//! θ̄ ← θ̄ + μₜ (θ - θ̄)
//! ```
//!
//! θ parameters, g their gradient, θ̄ their average, t the step (the first is 1), γ `lr`, λ
//! `lambd`, α `alpha`, t₀ `t0`, Λ `weight_decay`. Up to step t₀ + 2 the average is the parameters
//! themselves.
//!
//! Evaluation point: θ̄.
//!
//! Source: Polyak & Juditsky, SIAM J. Control Optim. 30 (1992); the step is that of Bottou's and
//! Xu's ASGD ([arXiv 1107.2490](https://arxiv.org/abs/1107.2490)). Settings and defaults:
//! `torch.optim.ASGD` of PyTorch 2.11, which lets a changed learning rate act one step later.

use tch::Tensor;
use torch_ext::scaled::{axpy_, scalar};

use crate::declare::declare;
use crate::ops::decayed;
use crate::rule::{Step, TensorRule};
use crate::setting::{AverageAfter, DecayPower, Lambd, LearningRate, WeightDecay};

declare! {
    /// Settings of [ASGD](self).
    Asgd {
        /// γ.
        lr: LearningRate = 1e-2,
        /// λ.
        lambd: Lambd = 1e-4,
        /// α.
        alpha: DecayPower = 0.75,
        /// t₀.
        t0: AverageAfter = 1e6,
        /// Λ, added to the gradient.
        weight_decay: WeightDecay = 0.0,
    }
}

impl TensorRule for Asgd {
    type State = [Tensor; 1];

    const STATE: &'static [&'static str] = &["ax"];

    fn init(&self, theta: &Tensor) -> [Tensor; 1] {
        [theta.copy()]
    }

    fn update(&self, at: Step, theta: &mut Tensor, g: &Tensor, [average]: &mut [Tensor; 1]) {
        let (lr, lambd) = (at.lr(self.lr), self.lambd.0);
        let steps_before = (at.t - 1) as f64;
        let eta = lr / (1.0 + lambd * lr * steps_before).powf(self.alpha.0);
        let mu = 1.0 / (steps_before - self.t0.0).max(1.0);

        let g = &decayed(g, self.weight_decay, theta);
        let kept = scalar(theta, 1.0 - lambd * eta);
        let _ = theta.g_mul_scalar_(kept);
        axpy_(theta, -eta, g);
        if mu == 1.0 {
            average.copy_(theta);
        } else {
            let _ = average.g_add_(&((&*theta - &*average) * mu));
        }
    }

    fn evaluation_point(&self, _theta: &Tensor, [average]: &[Tensor; 1]) -> Tensor {
        average.shallow_clone()
    }
}
