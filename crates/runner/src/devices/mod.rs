//! What there is to compute on.
mod choice;
mod cuda;

pub use choice::{DeviceChoice, DeviceError};
pub use cuda::free_memory;
