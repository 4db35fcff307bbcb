//! # RMSprop
//!
//! Divides the gradient by the root of a running mean of its square.
//!
//! ```text
//! g ← g + λ θ
//! v ← α v + (1 - α) g²
//! s = √v + ε                               centered: ḡ ← α ḡ + (1 - α) g, s = √(v - ḡ²) + ε
//! θ ← θ - γ g / s                          with momentum: b ← μ b + g / s, θ ← θ - γ b
//! ```
//!
//! θ parameters, g their gradient, v and ḡ running means of its square and of itself, b velocity, γ
//! `lr`, α `alpha`, ε `eps`, μ `momentum`, λ `weight_decay`.
//!
//! Source: Tieleman & Hinton, Neural Networks for Machine Learning, lecture 6.5 (2012); centered:
//! Graves 2013 ([arXiv 1308.0850](https://arxiv.org/abs/1308.0850)), equations 38 to 45, but with ε
//! outside of the root, as in `torch.optim.RMSprop`. Settings and defaults: `torch.optim.RMSprop`
//! of PyTorch 2.11.

use tch::Tensor;
use torch_ext::scaled::{addcdiv_, addcmul_, axpy_};

use crate::declare::declare;
use crate::ops::decayed;
use crate::rule::{Step, TensorRule, zeros_if};
use crate::setting::{Eps, LearningRate, Momentum, Smoothing, WeightDecay};

declare! {
    /// Settings of [RMSprop](self).
    RmsProp {
        /// γ.
        lr: LearningRate = 1e-2,
        /// α.
        alpha: Smoothing = 0.99,
        /// ε.
        eps: Eps = 1e-8,
        /// λ, added to the gradient.
        weight_decay: WeightDecay = 0.0,
        /// μ.
        momentum: Momentum = 0.0,
        /// Uses the variance of the gradient in place of its square.
        centered: bool = false,
    }
}

impl TensorRule for RmsProp {
    type State = [Tensor; 3];

    const STATE: &'static [&'static str] = &["square_avg", "grad_avg", "momentum_buffer"];

    fn init(&self, theta: &Tensor) -> [Tensor; 3] {
        [theta.zeros_like(), zeros_if(self.centered, theta), zeros_if(self.momentum.0 > 0.0, theta)]
    }

    fn update(&self, at: Step, theta: &mut Tensor, g: &Tensor, [v, g_mean, b]: &mut [Tensor; 3]) {
        let (lr, alpha) = (at.lr(self.lr), self.alpha.0);

        let g = &decayed(g, self.weight_decay, theta);
        let _ = v.g_mul_scalar_(alpha);
        addcmul_(v, 1.0 - alpha, g, g);
        let mut s = if self.centered {
            let _ = g_mean.lerp_(g, 1.0 - alpha);
            v.addcmul(&g_mean.neg(), g_mean).sqrt_()
        } else {
            v.sqrt()
        };
        let _ = s.g_add_scalar_(self.eps.0);

        if self.momentum.0 > 0.0 {
            let _ = b.g_mul_scalar_(self.momentum.0);
            let _ = b.addcdiv_(g, &s);
            axpy_(theta, -lr, b);
        } else {
            addcdiv_(theta, -lr, g, &s);
        }
    }
}
