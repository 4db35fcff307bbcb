use std::path::PathBuf;

use checkpoint::CheckpointError;
use thiserror::Error;

/// Why a file is no CLIP that this crate can run. Every message names the file.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ClipError {
    /// A CLIP whose image tower is a ResNet.
    #[error(
        "`{}` is not a ViT CLIP: it has `{found}` (a ResNet CLIP); use a ViT one, such as ViT-B/32",
        path.display()
    )]
    ResNet {
        /// The file.
        path: PathBuf,
        /// The tensor that gives it away.
        found: String,
    },
    /// Some other model.
    #[error(
        "`{}` is not a CLIP model: it has no `{missing}`; OpenAI's and Hugging Face's tensor names are known",
        path.display()
    )]
    NotClip {
        /// The file.
        path: PathBuf,
        /// A tensor that every CLIP has, by OpenAI's name.
        missing: String,
    },
    /// Sizes that do not make a network.
    #[error("`{}` is no usable ViT CLIP: {reason}", path.display())]
    Sizes {
        /// The file.
        path: PathBuf,
        /// Which size, and what is wrong with it.
        reason: String,
    },
    /// The file's tensors could not be read, or are not those of its own sizes.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
}
