//! Gradient mode of a thread, and panics that pass through it.

use std::any::Any;
use std::panic::{self, AssertUnwindSafe};

/// Fragments of the messages of exhausted memory, whoever tells them: this is their only list.
const EXHAUSTION: [&str; 6] = [
    "out of memory",         // CUDA's allocator and its runtime
    "can't allocate memory", // the CPU's allocator
    "bad_alloc",             // C++
    "not enough memory",     // the CPU's allocator on other systems, and oneDNN
    "CUBLAS_STATUS_ALLOC_FAILED",
    "CUDNN_STATUS_ALLOC_FAILED",
];

/// Computes `compute` without recording gradients.
///
/// The mode of before is restored even when `compute` panics, which `tch::no_grad` does not: the
/// next backward pass on that thread would find no graph and take the process down.
pub fn no_grad<T>(compute: impl FnOnce() -> T) -> T {
    let _restored_on_drop = tch::no_grad_guard();
    compute()
}

/// Runs `compute` and catches its panic, as its message. Gradients are recorded again afterwards,
/// whatever `compute` left.
///
/// # Errors
/// The message of a panic.
pub fn catch_panic<T>(compute: impl FnOnce() -> T) -> Result<T, String> {
    let result = panic::catch_unwind(AssertUnwindSafe(compute));
    if result.is_err() {
        record_gradients();
    }
    result.map_err(|panic| panic_message(panic.as_ref()).unwrap_or("a panic without a message").to_owned())
}

/// The message of a caught panic, if it has one.
pub fn panic_message(panic: &(dyn Any + Send)) -> Option<&str> {
    let formatted = panic.downcast_ref::<String>().map(String::as_str);
    formatted.or_else(|| panic.downcast_ref::<&str>().copied())
}

/// Returns true if `message` is libtorch's way of saying that memory does not suffice.
pub fn is_exhaustion(message: &str) -> bool {
    EXHAUSTION.iter().any(|fragment| message.contains(fragment))
}

#[expect(unsafe_code, reason = "the bindings set the mode for the length of a closure only")]
fn record_gradients() {
    // Sound: it sets a flag of the calling thread.
    let _before = unsafe { torch_sys::at_grad_set_enabled(1) };
}

#[cfg(test)]
mod tests {
    use tch::{Device, Kind, Tensor};

    use super::*;

    /// The gradient of x² at 3, which needs the thread's gradient mode on.
    fn gradient() -> f64 {
        let x = Tensor::full([1], 3.0, (Kind::Float, Device::Cpu)).set_requires_grad(true);
        (&x * &x).sum(Kind::Float).backward();
        x.grad().double_value(&[0])
    }

    #[test]
    fn gradients_are_recorded_after_a_panic_without_them() {
        let panicked = panic::catch_unwind(|| no_grad(|| panic!("within")));
        assert!(panicked.is_err());
        assert_eq!(gradient(), 6.0);
    }

    #[test]
    fn a_caught_panic_leaves_gradients_on() {
        // Not even a closure of the bindings, which does not unwind, spoils the thread.
        #[expect(clippy::disallowed_methods, reason = "the fault that is caught")]
        let caught = catch_panic(|| tch::no_grad(|| panic!("out of {}", "memory")));
        assert_eq!(caught, Err("out of memory".to_owned()));
        assert_eq!(gradient(), 6.0);
    }

    #[test]
    fn knows_exhausted_memory_by_its_message() {
        for message in [
            "CUDA out of memory. Tried to allocate 2.00 GiB",
            "CUDA error: out of memory\nCUDA kernel errors might be asynchronously reported",
            "DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes. Error code 12",
            "DefaultCPUAllocator: not enough memory: you tried to allocate 9 bytes.",
            "std::bad_alloc",
            "CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`",
            "cuDNN error: CUDNN_STATUS_ALLOC_FAILED",
        ] {
            assert!(is_exhaustion(message), "{message}");
        }
        for message in
            ["shape mismatch", "CUBLAS_STATUS_EXECUTION_FAILED", "CUDA error: invalid argument", ""]
        {
            assert!(!is_exhaustion(message), "{message}");
        }
    }
}
