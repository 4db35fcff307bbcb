//! Adam, with AMSGrad's maximum if asked.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tch::Tensor;

use crate::ops::{addcdiv_, addcmul_, decayed};
use crate::rule::{Step, TensorRule, zeros_if};
use crate::schedule::Schedule;
use crate::setting::{Beta1, Beta2, Eps, LearningRate, WeightDecay};

/// Settings; PyTorch's names and defaults.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Adam {
    /// γ, 1e-3.
    pub lr: LearningRate,
    /// β₁, 0.9.
    pub beta1: Beta1,
    /// β₂, 0.999.
    pub beta2: Beta2,
    /// ε, 1e-8.
    pub eps: Eps,
    /// λ, 0; added to the gradient.
    pub weight_decay: WeightDecay,
    /// Whether the largest second moment seen is used; false.
    pub amsgrad: bool,
    /// What γ does over a run.
    pub schedule: Schedule,
}

impl Default for Adam {
    fn default() -> Self {
        Self {
            lr: LearningRate(1e-3),
            beta1: Beta1(0.9),
            beta2: Beta2(0.999),
            eps: Eps(1e-8),
            weight_decay: WeightDecay(0.0),
            amsgrad: false,
            schedule: Schedule::default(),
        }
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

        let step_size = at.lr(self.lr) / at.bias_correction(beta1);
        let mut denominator = v.sqrt();
        let _ = denominator.g_div_scalar_(at.bias_correction(beta2).sqrt());
        let _ = denominator.g_add_scalar_(self.eps.0);
        addcdiv_(theta, -step_size, m, &denominator);
    }
}
