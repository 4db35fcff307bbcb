//! The steps that several rules are made of.

use tch::Tensor;
use torch_ext::scaled::{axpy_, scalar};

use crate::setting::WeightDecay;

/// y + a·x, rounded once: `y.add(x, alpha=a)`.
pub(crate) fn axpy(y: &Tensor, a: f64, x: &Tensor) -> Tensor {
    let mut sum = y.copy();
    axpy_(&mut sum, a, x);
    sum
}

/// g + λ·θ: weight decay that goes the gradient's way.
pub(crate) fn decayed(g: &Tensor, weight_decay: WeightDecay, theta: &Tensor) -> Tensor {
    match weight_decay.get() {
        0.0 => g.shallow_clone(),
        lambda => axpy(g, lambda, theta),
    }
}

/// θ ← θ - γ·λ·θ: weight decay that leaves the gradient alone.
pub(crate) fn shrink_(theta: &mut Tensor, lr: f64, weight_decay: WeightDecay) {
    if weight_decay.get() != 0.0 {
        let kept = scalar(theta, 1.0 - lr * weight_decay.get());
        let _ = theta.g_mul_scalar_(kept);
    }
}

/// Either of the two; gives the gradient to go on with.
pub(crate) fn decay(
    theta: &mut Tensor,
    g: &Tensor,
    lr: f64,
    weight_decay: WeightDecay,
    decoupled: bool,
) -> Tensor {
    if decoupled {
        shrink_(theta, lr, weight_decay);
        g.shallow_clone()
    } else {
        decayed(g, weight_decay, theta)
    }
}
