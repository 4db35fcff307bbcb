//! What tch lacks: the only C++ and the only `unsafe` of the workspace.
//!
//! - [`scaled`]: in-place operations that take a scalar, of which the optimizers are made;
//! - [`tf32`]: libtorch's switches for 10-bit mantissas on CUDA;
//! - [`cuda`]: libtorch's CUDA part, opened at run time, and a GPU's free memory;
//! - [`LeanLoading`]: what glibc's allocator does with freed memory while models load;
//! - [`no_grad`], [`catch_panic`]: gradient mode that survives a panic;
//! - [`exit_at_once`]: the end of a process whose threads still compute.
pub mod cuda;
mod exit;
mod grad;
mod lean_loading;
pub mod scaled;
pub mod tf32;

pub use exit::exit_at_once;
pub use grad::{catch_panic, is_exhaustion, no_grad, panic_message};
pub use lean_loading::LeanLoading;
