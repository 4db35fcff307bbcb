//! What there is to compute on.
mod choice;

pub use choice::{DeviceChoice, DeviceError};
