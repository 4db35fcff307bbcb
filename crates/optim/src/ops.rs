//! The fused operations of PyTorch that take a scalar, which the bindings leave out.
//!
//! Each rounds exactly as PyTorch's own does, so that single-precision trajectories agree to the last digit.

use tch::Tensor;

use crate::setting::WeightDecay;

/// y ← y + a·x, rounded once: `y.add_(x, alpha=a)`.
pub(crate) fn axpy_(y: &mut Tensor, a: f64, x: &Tensor) {
    let a = scalar_like(x, a);
    let _ = y.addcmul_(x, &a);
}

/// y + a·x, rounded once: `y.add(x, alpha=a)`.
pub(crate) fn axpy(y: &Tensor, a: f64, x: &Tensor) -> Tensor {
    y.addcmul(x, &scalar_like(x, a))
}

/// y ← y + c·a·b: `y.addcmul_(a, b, value=c)`.
pub(crate) fn addcmul_(y: &mut Tensor, c: f64, a: &Tensor, b: &Tensor) {
    let _ = y.addcmul_(&(a * c), b);
}

/// y ← y + c·a/b: `y.addcdiv_(a, b, value=c)`.
pub(crate) fn addcdiv_(y: &mut Tensor, c: f64, a: &Tensor, b: &Tensor) {
    let _ = y.addcdiv_(&(a * c), b);
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
        let _ = theta.g_mul_scalar_(1.0 - lr * weight_decay.get());
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

/// A tensor without dimensions, filled where `like` lives: a copy from the host would wait for the device.
fn scalar_like(like: &Tensor, value: f64) -> Tensor {
    Tensor::full([0; 0], value, (like.kind(), like.device()))
}
