//! Snapshot of a dream at one step, on its way from the device to the disk.

use std::collections::BTreeMap;

use checkpoint::write_safetensors;
use records::{CellFolder, TraceRow};
use tch::{Device, Tensor};

use super::fault::{self, Place};
use super::pictures::{picture, png};
use super::save_error::SaveError;

/// All of a cell that is saved at one step.
pub(super) struct Snapshot {
    pub(super) folder: CellFolder,
    pub(super) frame: Option<Frame>,
    pub(super) rows: Vec<TraceRow>,
    pub(super) state: Vec<(String, Tensor)>,
    pub(super) metadata: BTreeMap<String, String>,
}

/// The image of the averaged latents after a step.
pub(super) struct Frame {
    pub(super) step: u32,
    /// `[s, s, 3]`
    pub(super) pixels: Tensor,
    /// True if it is the best so far.
    pub(super) best: bool,
}

impl Snapshot {
    /// Writes it, once its copies have arrived ([`wait_for`]). The order matters to who resumes:
    /// rows before the state, so that there may be some that the state knows nothing of, but none
    /// may be missing.
    pub(super) fn write(&self) -> Result<(), SaveError> {
        fault::at(Place::Write, [&self.folder]);
        if let Some(Frame { step, pixels, best }) = &self.frame {
            let file = png(&picture(pixels))?;
            self.folder.write(&self.folder.frame(*step), &file)?;
            if *best {
                self.folder.write(&self.folder.best_image(), &file)?;
            }
        }
        self.folder.write_trace(&self.rows)?;
        let tensors: Vec<_> = self.state.iter().map(|(name, tensor)| (name.as_str(), tensor)).collect();
        Ok(write_safetensors(&self.folder.state(), &tensors, &self.metadata)?)
    }
}

/// The tensor in the host's memory: itself on the CPU; a pinned copy of one on a GPU, to be read
/// after [`wait_for`] only.
pub(super) fn to_host(tensor: &Tensor) -> Tensor {
    tensor.to_device_(Device::Cpu, tensor.kind(), true, false)
}

/// Waits until the device has done all that it was told to.
pub(super) fn wait_for(device: Device) {
    if let Device::Cuda(index) = device {
        tch::Cuda::synchronize(index as i64);
    }
}
