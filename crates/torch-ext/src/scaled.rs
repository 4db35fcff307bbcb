//! In-place operations of libtorch that take a scalar, which the bindings leave out:
//! `native/scaled.cpp`.
//!
//! With them every rule takes the operations that PyTorch takes, in its order, and rounds as it
//! does.
#![expect(unsafe_code, reason = "calls into libtorch")]

use tch::{Kind, Tensor};
use torch_sys::C_tensor;

/// A scalar as `tensor` takes it. What is beyond single precision is infinite to a tensor of it, as
/// the product of two of its numbers would be: libtorch refuses to convert it.
#[must_use]
pub fn scalar(tensor: &Tensor, value: f64) -> f64 {
    let is_beyond = f64::from(f32::MAX) < value.abs() && tensor.kind() != Kind::Double;
    if is_beyond { f64::INFINITY.copysign(value) } else { value }
}

/// y ← y + a·x, rounded once: `y.add_(x, alpha=a)`.
pub fn axpy_(y: &mut Tensor, a: f64, x: &Tensor) {
    // Sound: both point to tensors that live as long as the call; libtorch checks kinds, shapes and
    // devices.
    let done = unsafe { torch_ext_axpy(y.as_mut_ptr(), scalar(y, a), x.as_ptr()) };
    assert!(done, "libtorch refused {y:?} + {a} * {x:?}");
}

/// y ← y + c·a·b: `y.addcmul_(a, b, value=c)`.
pub fn addcmul_(y: &mut Tensor, c: f64, a: &Tensor, b: &Tensor) {
    // Sound: as above.
    let done = unsafe { torch_ext_addcmul(y.as_mut_ptr(), scalar(y, c), a.as_ptr(), b.as_ptr()) };
    assert!(done, "libtorch refused {y:?} + {c} * {a:?} * {b:?}");
}

/// y ← y + c·a/b: `y.addcdiv_(a, b, value=c)`.
pub fn addcdiv_(y: &mut Tensor, c: f64, a: &Tensor, b: &Tensor) {
    // Sound: as above.
    let done = unsafe { torch_ext_addcdiv(y.as_mut_ptr(), scalar(y, c), a.as_ptr(), b.as_ptr()) };
    assert!(done, "libtorch refused {y:?} + {c} * {a:?} / {b:?}");
}

unsafe extern "C" {
    fn torch_ext_axpy(y: *mut C_tensor, a: f64, x: *const C_tensor) -> bool;
    fn torch_ext_addcmul(y: *mut C_tensor, c: f64, a: *const C_tensor, b: *const C_tensor) -> bool;
    fn torch_ext_addcdiv(y: *mut C_tensor, c: f64, a: *const C_tensor, b: *const C_tensor) -> bool;
}

#[cfg(test)]
mod tests {
    use tch::Device;

    use super::*;

    #[test]
    fn scalars_beyond_single_precision_are_infinite_to_it() {
        let ones = |kind| Tensor::ones([2], (kind, Device::Cpu));
        let of = |kind, a: f64| {
            let mut y = ones(kind);
            axpy_(&mut y, a, &ones(kind));
            addcmul_(&mut y, a, &ones(kind), &ones(kind));
            addcdiv_(&mut y, a, &ones(kind), &ones(kind));
            y.double_value(&[1])
        };
        assert_eq!(of(Kind::Float, -1e39), f64::NEG_INFINITY);
        assert_eq!(of(Kind::Double, 1e39), 3e39);
        assert_eq!(of(Kind::Float, 2.0), 7.0);
        assert_eq!(scalar(&ones(Kind::Float), f64::from(f32::MAX)), f64::from(f32::MAX));
    }
}
