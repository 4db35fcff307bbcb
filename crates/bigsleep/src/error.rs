use crate::OutOfRange;
use checkpoint::CheckpointError;
use clip::{PreprocessError, TokenizeError};
use optim_python::PythonError;
use thiserror::Error;

/// Why a dream cannot be begun, resumed or advanced.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum DreamError {
    /// A setting is out of range, for these models or for any.
    #[error(transparent)]
    Setting(#[from] OutOfRange),
    /// The dream does not belong with those that the dreamer was made for: see
    /// [`DreamSettings::batches_with`](crate::DreamSettings::batches_with).
    #[error(
        "the dream differs in cutouts, gradient_accumulation, interpolation, precision or truncation from those of its batch"
    )]
    Misfit,
    /// The processor does not have this arithmetic.
    #[error("precision `tf32` is for CUDA devices only: use `fp32` or `bf16` on the CPU")]
    Tf32OnCpu,
    /// There is nothing to approach.
    #[error("the prompt has neither a text nor an image to approach")]
    NoPrompt,
    /// A text of the prompt is empty: the prompt itself, or what stands beside a `|`.
    #[error("the prompt `{prompt}` has an empty text in it")]
    EmptyText {
        /// The texts, with `|` between them.
        prompt: String,
    },
    /// A text of the prompt cannot be encoded.
    #[error(transparent)]
    Text(#[from] TokenizeError),
    /// The prompt's image cannot be read.
    #[error(transparent)]
    Image(#[from] PreprocessError),
    /// The saved state is not one of this dream.
    #[error("the saved state is not one of this dream")]
    State(#[from] CheckpointError),
    /// The saved state says something impossible.
    #[error("the saved state is damaged: `{tensor}` is {value}")]
    Damaged {
        /// The tensor at fault.
        tensor: &'static str,
        /// Its value.
        value: i64,
    },
    /// The optimizer in Python did not do what it was asked for.
    #[error(transparent)]
    Python(#[from] PythonError),
    /// The device's memory does not suffice for the batch. No dream has changed: a smaller batch
    /// may succeed.
    #[error("out of memory: {message}")]
    OutOfMemory {
        /// Error reported by libtorch.
        message: String,
    },
}
