use std::str::FromStr;

use miette::Diagnostic;
use records::counted;
use tch::Device;
use thiserror::Error;
use torch_ext::cuda;

/// Devices as the command line names them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum DeviceChoice {
    /// All GPUs, or the CPU where there is none.
    #[default]
    Best,
    /// The CPU.
    Cpu,
    /// All GPUs.
    AllGpus,
    /// Some GPUs.
    Gpus(Vec<usize>),
}

/// Devices that are not there.
#[derive(Debug, Error, Diagnostic)]
#[expect(missing_docs, reason = "the messages say it")]
pub enum DeviceError {
    #[error("no GPU can be used: {reason}")]
    #[diagnostic(help("omit --devices to use what is available, or give --devices cpu"))]
    NoGpu { reason: String },
    #[error("there is no cuda:{index}: this machine has {}, counted from 0", counted(*count, "GPU"))]
    NoSuchGpu { index: usize, count: usize },
}

impl DeviceChoice {
    /// The devices meant. Loads libtorch's CUDA part, if it may be needed: call it before libtorch
    /// is used.
    ///
    /// # Errors
    /// When a GPU is asked for that is not there.
    pub fn resolve(&self) -> Result<Vec<Device>, DeviceError> {
        if *self == Self::Cpu {
            return Ok(vec![Device::Cpu]);
        }
        let loaded = cuda::load();
        let count = usize::try_from(tch::Cuda::device_count()).unwrap_or(0);
        let gpus = match self {
            Self::Gpus(gpus) => gpus.clone(),
            _ => (0..count).collect(),
        };
        if count == 0 {
            return match (self, loaded) {
                (Self::Best, _) => Ok(vec![Device::Cpu]),
                (_, Err(reason)) => Err(DeviceError::NoGpu { reason: reason.to_string() }),
                (_, Ok(())) => Err(DeviceError::NoGpu { reason: "libtorch finds none".to_owned() }),
            };
        }
        if let Some(&index) = gpus.iter().find(|&&index| index >= count) {
            return Err(DeviceError::NoSuchGpu { index, count });
        }
        Ok(gpus.into_iter().map(Device::Cuda).collect())
    }
}

impl FromStr for DeviceChoice {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "cpu" => return Ok(Self::Cpu),
            "cuda" => return Ok(Self::AllGpus),
            _ => {}
        }
        let mut gpus = Vec::new();
        for name in text.split(',') {
            let index = name.trim().strip_prefix("cuda:").and_then(|index| index.parse().ok());
            let index = index.ok_or("devices are cpu, cuda, or GPUs such as cuda:0,cuda:1")?;
            if gpus.contains(&index) {
                return Err(format!("cuda:{index} is named twice"));
            }
            gpus.push(index);
        }
        Ok(Self::Gpus(gpus))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn devices_are_named_as_libtorch_names_them() {
        assert_eq!("cpu".parse(), Ok(DeviceChoice::Cpu));
        assert_eq!("cuda".parse(), Ok(DeviceChoice::AllGpus));
        assert_eq!("cuda:1,cuda:0".parse(), Ok(DeviceChoice::Gpus(vec![1, 0])));
        for wrong in ["", "gpu", "cuda:", "cuda:-1", "cuda:0,", "cpu,cuda:0", "cuda:0,cuda:0"] {
            assert!(wrong.parse::<DeviceChoice>().is_err(), "{wrong}");
        }
    }
}
