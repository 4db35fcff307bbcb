//! Stochastic gradient descent, with momentum or Nesterov's.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tch::Tensor;

use crate::ops::{axpy, axpy_, decayed};
use crate::rule::{Step, TensorRule, zeros_if};
use crate::schedule::Schedule;
use crate::setting::{Dampening, LearningRate, Momentum, WeightDecay};

/// Settings; PyTorch's names and defaults.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Sgd {
    /// γ, 1e-3.
    pub lr: LearningRate,
    /// μ, 0.
    pub momentum: Momentum,
    /// τ, 0.
    pub dampening: Dampening,
    /// λ, 0; added to the gradient.
    pub weight_decay: WeightDecay,
    /// Whether momentum is Nesterov's; false. It needs a momentum, and no dampening.
    pub nesterov: bool,
    /// What γ does over a run.
    pub schedule: Schedule,
}

impl Default for Sgd {
    fn default() -> Self {
        Self {
            lr: LearningRate(1e-3),
            momentum: Momentum(0.0),
            dampening: Dampening(0.0),
            weight_decay: WeightDecay(0.0),
            nesterov: false,
            schedule: Schedule::default(),
        }
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
