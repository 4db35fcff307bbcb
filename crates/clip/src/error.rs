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
        printable::path(path)
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
        printable::path(path)
    )]
    NotClip {
        /// The file.
        path: PathBuf,
        /// A tensor that every CLIP has, by OpenAI's name.
        missing: String,
    },
    /// Sizes that do not make a network.
    #[error("`{}` is no usable ViT CLIP: {reason}", printable::path(path))]
    Sizes {
        /// The file.
        path: PathBuf,
        /// Which size, and what is wrong with it.
        reason: String,
    },
    /// An activation that nothing tells.
    #[error(
        "nothing tells the activation of the CLIP `{}`: no tensor does, and only OpenAI's own archives are known by what they are",
        printable::path(path)
    )]
    NoActivation {
        /// The file.
        path: PathBuf,
    },
    /// An activation in a file's notes that is none.
    #[error("`{}` names the activation `{name}`: `quick-gelu` and `gelu` are known", printable::path(path))]
    UnknownActivation {
        /// The file.
        path: PathBuf,
        /// The identity that it names.
        name: String,
    },
    /// A file that tells another activation than was stated.
    #[error(
        "the activation of `{}` is `{told}`, as the file itself tells, and not `{stated}`",
        printable::path(path)
    )]
    OtherActivation {
        /// The file.
        path: PathBuf,
        /// The activation that the file tells.
        told: &'static str,
        /// The activation that was stated.
        stated: &'static str,
    },
    /// The file's tensors could not be read, or are not those of its own sizes.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
}
