//! In-place operations of libtorch that take a scalar, which the bindings leave out: `native/scaled.cpp`.
//!
//! With them every rule takes the operations that PyTorch takes, in its order, and rounds as it does.
#![expect(unsafe_code, reason = "calls into libtorch")]

use tch::Tensor;
use torch_sys::C_tensor;

/// y ← y + a·x, rounded once: `y.add_(x, alpha=a)`.
pub fn axpy_(y: &mut Tensor, a: f64, x: &Tensor) {
    // Sound: both point to tensors that live as long as the call; libtorch checks kinds, shapes and devices.
    let done = unsafe { torch_ext_axpy(y.as_mut_ptr(), a, x.as_ptr()) };
    assert!(done, "libtorch refused {y:?} + {a} * {x:?}");
}

/// y ← y + c·a·b: `y.addcmul_(a, b, value=c)`.
pub fn addcmul_(y: &mut Tensor, c: f64, a: &Tensor, b: &Tensor) {
    // Sound: as above.
    let done = unsafe { torch_ext_addcmul(y.as_mut_ptr(), c, a.as_ptr(), b.as_ptr()) };
    assert!(done, "libtorch refused {y:?} + {c} * {a:?} * {b:?}");
}

/// y ← y + c·a/b: `y.addcdiv_(a, b, value=c)`.
pub fn addcdiv_(y: &mut Tensor, c: f64, a: &Tensor, b: &Tensor) {
    // Sound: as above.
    let done = unsafe { torch_ext_addcdiv(y.as_mut_ptr(), c, a.as_ptr(), b.as_ptr()) };
    assert!(done, "libtorch refused {y:?} + {c} * {a:?} / {b:?}");
}

unsafe extern "C" {
    fn torch_ext_axpy(y: *mut C_tensor, a: f64, x: *const C_tensor) -> bool;
    fn torch_ext_addcmul(y: *mut C_tensor, c: f64, a: *const C_tensor, b: *const C_tensor) -> bool;
    fn torch_ext_addcdiv(y: *mut C_tensor, c: f64, a: *const C_tensor, b: *const C_tensor) -> bool;
}
