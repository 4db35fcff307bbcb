use std::{io, path::PathBuf};

use miette::Diagnostic;
use thiserror::Error;

/// Why the miniature was not trained.
#[derive(Debug, Diagnostic, Error)]
#[non_exhaustive]
pub enum MiniatureError {
    /// A picture cannot be read.
    #[error("failed to read the picture `{}`; crates/miniature/fetch-data fetches it", path.display())]
    Picture {
        /// The file.
        path: PathBuf,
        /// The underlying error.
        source: image::ImageError,
    },
    /// A picture that `scenery` asks for is not in the table.
    #[error("the table of classes has no prop `{name}`, which the scenery is drawn with")]
    Prop {
        /// Its name.
        name: &'static str,
    },
    /// A scene that `scenery` cannot draw.
    #[error("nobody has said how to draw the scene `{name}`")]
    Scene {
        /// Its name.
        name: String,
    },
    /// A file or folder cannot be written or read.
    #[error("failed to write or read `{}`", path.display())]
    File {
        /// Path of the file.
        path: PathBuf,
        /// Error reported by the operating system.
        source: io::Error,
    },
    /// The training log cannot be written.
    #[error("failed to write the training log `{}`", path.display())]
    Log {
        /// The file.
        path: PathBuf,
        /// The underlying error.
        source: csv::Error,
    },
    /// A sheet of images cannot be written.
    #[error("failed to write the sheet of images `{}`", path.display())]
    Sheet {
        /// The file.
        path: PathBuf,
        /// The underlying error.
        source: image::ImageError,
    },
    /// Weights cannot be written or read.
    #[error(transparent)]
    Checkpoint(#[from] checkpoint::CheckpointError),
    /// The state of the optimizer is another network's.
    #[error("the checkpoint `{}` is of another training", path.display())]
    Resume {
        /// The file.
        path: PathBuf,
        /// The mismatch.
        source: optim::RestoreError,
    },
    /// The loss is no number any more.
    #[error("the loss is {loss} at step {step}: training has diverged")]
    Diverged {
        /// The step, from 0.
        step: u64,
        /// The loss.
        loss: f64,
    },
    /// The generator cannot be built.
    #[error(transparent)]
    Generator(#[from] biggan::LoadError),
    /// The generator's sizes cannot be read.
    #[error(transparent)]
    GeneratorConfig(#[from] biggan::ConfigError),
    /// Class names cannot be compared with.
    #[error(transparent)]
    ZeroShot(#[from] clip::ZeroShotError),
    /// The perceptor cannot be built, or reads no caption.
    #[error(transparent)]
    Clip(#[from] clip::ClipError),
    /// A caption is too long.
    #[error(transparent)]
    Caption(#[from] clip::TokenizeError),
}
