//! Devices to compute on.
mod choice;
mod cores;

pub use choice::{DeviceChoice, DeviceError};
pub(crate) use cores::{cores, stated as stated_cores};

use tch::Device;

/// The name of a device, as the command line takes it.
pub fn name(device: Device) -> String {
    match device {
        Device::Cuda(index) => format!("cuda:{index}"),
        Device::Cpu => "cpu".to_owned(),
        other => format!("{other:?}").to_lowercase(),
    }
}
