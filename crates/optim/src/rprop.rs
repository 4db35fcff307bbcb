//! # Rprop
//!
//! Gives every entry a step of its own that grows while the gradient keeps its sign and shrinks
//! where it changes; the gradient's size counts for nothing.
//!
//! ```text
//! s = sign(g · g_prev)
//! Γ ← clamp(Γ η⁺, Γ₋, Γ₊)            where s > 0
//! Γ ← clamp(Γ η⁻, Γ₋, Γ₊), g ← 0     where s < 0: no step, and no comparison at the next
//! θ ← θ - sign(g) Γ
//! g_prev ← g
//! ```
//!
//! θ parameters, g their gradient, Γ the steps (γ at first), γ `lr`, η⁻ `etaminus`, η⁺ `etaplus`,
//! Γ₋ `step_size_min`, Γ₊ `step_size_max`. The learning rate only starts Γ, and so does a schedule,
//! with its factor at the first step: the papers know no learning rate after that.
//!
//! Source: Riedmiller & Braun 1993, in the variant iRprop⁻ of Igel & Hüsken 2000. Settings and
//! defaults: `torch.optim.Rprop` of PyTorch 2.11 (`etas` and `step_sizes`, entry by entry).

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use tch::Tensor;
use torch_ext::scaled::addcmul_;

use crate::declare::declare;
use crate::rule::{Step, TensorRule};
use crate::setting::{EtaMinus, EtaPlus, LearningRate, StepSizeMax, StepSizeMin};

declare! {
    /// Settings of [Rprop](self).
    #[serde(remote = "Self")]
    Rprop {
        /// γ.
        lr: LearningRate = 1e-2,
        /// η⁻.
        etaminus: EtaMinus = 0.5,
        /// η⁺.
        etaplus: EtaPlus = 1.2,
        /// Γ₋.
        step_size_min: StepSizeMin = 1e-6,
        /// Γ₊.
        step_size_max: StepSizeMax = 50.0,
    }
}

impl TensorRule for Rprop {
    type State = [Tensor; 2];

    const STATE: &'static [&'static str] = &["prev", "step_size"];

    fn init(&self, theta: &Tensor) -> [Tensor; 2] {
        [theta.zeros_like(), theta.full_like(self.lr.0)]
    }

    fn update(&self, at: Step, theta: &mut Tensor, g: &Tensor, [g_prev, step_size]: &mut [Tensor; 2]) {
        if at.t == 1 {
            let _ = step_size.fill_(at.lr(self.lr));
        }
        let product = g * &*g_prev;
        let (kept, changed) = (product.gt(0.0), product.lt(0.0));
        let factor =
            g.ones_like().masked_fill_(&kept, self.etaplus.0).masked_fill_(&changed, self.etaminus.0);
        let _ = step_size.g_mul_(&factor).clamp_(self.step_size_min.0, self.step_size_max.0);

        let g = g.masked_fill(&changed, 0.0);
        addcmul_(theta, -1.0, &g.sign(), step_size);
        g_prev.copy_(&g);
    }
}

impl<'de> Deserialize<'de> for Rprop {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let rprop = Self::deserialize(deserializer)?;
        let (min, max) = (rprop.step_size_min.0, rprop.step_size_max.0);
        if min > max {
            return Err(D::Error::custom(ranges::OutOfRange {
                setting: "step_size_min",
                value: min.to_string(),
                allowed: format!("at most step_size_max, {max}"),
            }));
        }
        Ok(rprop)
    }
}

impl Serialize for Rprop {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Self::serialize(self, serializer)
    }
}
