//! Devices to compute on.
mod choice;

pub use choice::{DeviceChoice, DeviceError};

use tch::Device;

/// The name of a device, as the command line takes it.
pub fn name(device: Device) -> String {
    match device {
        Device::Cuda(index) => format!("cuda:{index}"),
        Device::Cpu => "cpu".to_owned(),
        other => format!("{other:?}").to_lowercase(),
    }
}
