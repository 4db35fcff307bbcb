//! # Prodigy
//!
//! [AdamW](crate::adamw) that finds its learning rate: it estimates from below how far the solution
//! is from the start, and steps by that distance.
//!
//! ```text
//! m ← β₁ m + (1 - β₁) d g
//! v ← β₂ v + (1 - β₂) d² g²
//! r ← √β₂ r + γ d² ⟨g, θ₀ - θ⟩
//! s ← √β₂ s + γ d² g
//! d' = max(d, C r / ‖s‖₁)
//! θ ← θ - γ d λ θ - γ d m / (√v + d ε)
//! d ← d'
//! ```
//!
//! θ parameters (all tensors together in ⟨,⟩ and ‖‖₁), θ₀ where they started, g their gradient, d
//! the estimated distance (d₀ at first), m and v moments of the gradient scaled by d, γ `lr` (leave
//! it at 1, but for a schedule), β₁ `beta1`, β₂ `beta2`, ε `eps`, d₀ `d0`, C `d_coef`, λ
//! `weight_decay`. The paper's factor 1 - √β₂ on new terms of r and s cancels in their ratio; both
//! are kept divided by d₀, so that small gradients do not underflow. d stays on the device.
//!
//! Source: Mishchenko & Defazio, ICML 2024 ([arXiv 2306.06101](https://arxiv.org/abs/2306.06101)),
//! Algorithm 4; C and λ are the authors' code's, which multiplies ε by d'. Defaults: those of that
//! code.

use tch::{Device, Kind, Tensor};

use crate::declare::declare;
use crate::rule::{Rule, Start, Step};
use crate::setting::{Beta1, Beta2, DistanceCoefficient, Eps, InitialDistance, LearningRate, WeightDecay};

declare! {
    /// Settings of [Prodigy](self).
    Prodigy {
        /// γ.
        lr: LearningRate = 1.0,
        /// β₁.
        beta1: Beta1 = 0.9,
        /// β₂.
        beta2: Beta2 = 0.999,
        /// ε.
        eps: Eps = 1e-8,
        /// λ, taken off the parameters.
        weight_decay: WeightDecay = 0.0,
        /// d₀.
        d0: InitialDistance = 1e-6,
        /// C.
        d_coef: DistanceCoefficient = 1.0,
    }
}

/// [Prodigy] at work.
struct AtWork {
    settings: Prodigy,
    d: Tensor,
    r: Tensor,
    of: Vec<PerTensor>,
}

/// State of one parameter tensor.
struct PerTensor {
    theta0: Tensor,
    m: Tensor,
    v: Tensor,
    s: Tensor,
}

impl Start for Prodigy {
    fn start(&self, params: &[Tensor]) -> Box<dyn Rule> {
        // Without parameters there is nothing to estimate, and d is nobody's.
        let like =
            params.first().map_or_else(|| Tensor::zeros([1], tch::kind::FLOAT_CPU), Tensor::shallow_clone);
        Box::new(AtWork {
            settings: self.clone(),
            d: Tensor::full([0; 0], self.d0.0, (scalar_kind(like.device()), like.device())),
            r: Tensor::zeros([0; 0], (like.kind(), like.device())),
            of: params.iter().map(PerTensor::new).collect(),
        })
    }
}

impl PerTensor {
    fn new(theta: &Tensor) -> Self {
        Self { theta0: theta.copy(), m: theta.zeros_like(), v: theta.zeros_like(), s: theta.zeros_like() }
    }
}

impl Rule for AtWork {
    fn step(&mut self, at: Step, params: &mut [Tensor], grads: &[Tensor]) {
        let lr = at.lr(self.settings.lr);
        let d_next = self.estimate(lr, params, grads);
        let d = std::mem::replace(&mut self.d, d_next);

        let Prodigy { eps, weight_decay, .. } = self.settings;
        for (theta, PerTensor { m, v, .. }) in params.iter_mut().zip(&self.of) {
            let kind = theta.kind();
            if weight_decay.0 != 0.0 {
                let kept: Tensor = 1.0 - &d * (lr * weight_decay.0);
                let _ = theta.g_mul_(&kept.to_kind(kind));
            }
            let denominator = v.sqrt() + (&d * eps.0).to_kind(kind);
            let _ = theta.addcdiv_(&(m * (&d * -lr).to_kind(kind)), &denominator);
        }
    }

    fn state(&self) -> Vec<(String, Tensor)> {
        let mut named =
            vec![("d".to_string(), self.d.shallow_clone()), ("r".to_string(), self.r.shallow_clone())];
        for (i, PerTensor { theta0, m, v, s }) in self.of.iter().enumerate() {
            for (name, tensor) in [("theta0", theta0), ("exp_avg", m), ("exp_avg_sq", v), ("s", s)] {
                named.push((format!("{name}.{i}"), tensor.shallow_clone()));
            }
        }
        named
    }
}

impl AtWork {
    /// Takes the gradients into the moments, r and s; gives d'.
    fn estimate(&mut self, lr: f64, params: &[Tensor], grads: &[Tensor]) -> Tensor {
        let Prodigy { beta1, beta2, d0, d_coef, .. } = self.settings;
        let d = &self.d;
        let d_squared = d * d;
        let weight = &d_squared * (lr / d0.0);
        let root = beta2.0.sqrt();

        let _ = self.r.g_mul_scalar_(root);
        let mut s_norm = self.r.zeros_like();
        for ((theta, g), of) in params.iter().zip(grads).zip(&mut self.of) {
            let PerTensor { theta0, m, v, s } = of;
            let [of_m, of_v, of_s] =
                [d * (1.0 - beta1.0), &d_squared * (1.0 - beta2.0), weight.shallow_clone()]
                    .map(|scalar| scalar.to_kind(g.kind()));

            let away = &*theta0 - theta;
            let _ = self.r.addcmul_(&g.flatten(0, -1).dot(&away.flatten(0, -1)), &of_s);
            let _ = m.g_mul_scalar_(beta1.0);
            let _ = m.addcmul_(g, &of_m);
            let _ = v.g_mul_scalar_(beta2.0);
            let _ = v.addcmul_(&(g * of_v), g);
            let _ = s.g_mul_scalar_(root);
            let _ = s.addcmul_(g, &of_s);
            let _ = s_norm.g_add_(&s.abs().sum(s.kind()));
        }
        // While every gradient was zero so are both: 0 / tiny keeps d.
        let d_hat = &self.r * d_coef.0 / s_norm.clamp_min(f64::from(f32::MIN_POSITIVE));
        d.maximum(&d_hat.to_kind(d.kind()))
    }
}

/// The kind of d, which every scalar of a step is made of: as precise as the device has.
fn scalar_kind(device: Device) -> Kind {
    if device == Device::Mps { Kind::Float } else { Kind::Double }
}
