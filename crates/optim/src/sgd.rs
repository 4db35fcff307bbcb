//! # SGD
//!
//! Steps against the gradient, or against a velocity that gathers gradients.
//!
//! ```text
//! g ← g + λ θ
//! b ← μ b + (1 - τ) g                      at the first step b = g
//! θ ← θ - γ b                              Nesterov: θ ← θ - γ (g + μ b); without momentum: θ ← θ - γ g
//! ```
//!
//! θ parameters, g their gradient, b velocity, γ `lr`, μ `momentum`, τ `dampening`, λ
//! `weight_decay`. The learning rate stands outside the velocity, as in PyTorch and unlike in the
//! papers: a schedule acts on past gradients too.
//!
//! Source: Polyak 1964 (momentum); Sutskever et al., ICML 2013, equations 3 and 4 (Nesterov's, in
//! the form above). Settings and defaults: `torch.optim.SGD` of PyTorch 2.11.

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use tch::Tensor;
use torch_ext::scaled::axpy_;

use crate::declare::declare;
use crate::ops::{axpy, decayed};
use crate::rule::{Step, TensorRule, zeros_if};
use crate::setting::{Dampening, LearningRate, Momentum, WeightDecay};

declare! {
    /// Settings of [SGD](self).
    #[serde(remote = "Self")]
    Sgd {
        /// γ.
        lr: LearningRate = 1e-3,
        /// μ.
        momentum: Momentum = 0.0,
        /// τ.
        dampening: Dampening = 0.0,
        /// λ, added to the gradient.
        weight_decay: WeightDecay = 0.0,
        /// Uses Nesterov's lookahead; requires a momentum and no dampening.
        nesterov: bool = false,
    }
}

impl TensorRule for Sgd {
    type State = [Tensor; 1];

    const STATE: &'static [&'static str] = &["momentum_buffer"];

    fn init(&self, theta: &Tensor) -> [Tensor; 1] {
        [zeros_if(self.momentum.0 != 0.0, theta)]
    }

    fn update(&self, at: Step, theta: &mut Tensor, g: &Tensor, [b]: &mut [Tensor; 1]) {
        let lr = at.lr(self.lr);
        let momentum = self.momentum.0;

        let g = &decayed(g, self.weight_decay, theta);
        if momentum == 0.0 {
            axpy_(theta, -lr, g);
            return;
        }
        if at.t == 1 {
            b.copy_(g);
        } else {
            let _ = b.g_mul_scalar_(momentum);
            axpy_(b, 1.0 - self.dampening.0, g);
        }
        if self.nesterov {
            axpy_(theta, -lr, &axpy(g, momentum, b));
        } else {
            axpy_(theta, -lr, b);
        }
    }
}

impl<'de> Deserialize<'de> for Sgd {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let sgd = Self::deserialize(deserializer)?;
        if sgd.nesterov && (sgd.momentum.0 == 0.0 || sgd.dampening.0 != 0.0) {
            let (momentum, dampening) = (sgd.momentum.0, sgd.dampening.0);
            return Err(D::Error::custom(format!(
                "nesterov = true needs a momentum greater than 0 and a dampening of 0, \
                 not momentum = {momentum} and dampening = {dampening}"
            )));
        }
        Ok(sgd)
    }
}

impl Serialize for Sgd {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Self::serialize(self, serializer)
    }
}
