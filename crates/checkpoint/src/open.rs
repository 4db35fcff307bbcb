use std::path::Path;

use crate::{
    CheckpointError, Weights,
    archive::Archive,
    format::{Format, detect},
    pytorch, safetensors_file, torchscript,
};

impl Weights {
    /// Opens a checkpoint: safetensors, what `torch.save` wrote (old and new), or a TorchScript
    /// archive. Which of them it is, its content tells, not its name. Names, kinds and shapes are
    /// read; nothing in the file is executed.
    ///
    /// # Errors
    /// When the file is missing, unreadable, damaged, or something else than weights.
    pub fn open(path: &Path) -> Result<Self, CheckpointError> {
        match detect(path)? {
            Format::Safetensors => safetensors_file::open(path),
            Format::Zip => Self::open_zip(path),
            Format::Pickle => pytorch::open(path),
        }
    }

    fn open_zip(path: &Path) -> Result<Self, CheckpointError> {
        let mut archive = Archive::open(path)?;
        if archive.is_torchscript() {
            return torchscript::open(archive);
        }
        archive.check_pickle()?;
        pytorch::open(path)
    }
}
