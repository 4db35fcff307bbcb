use bigsleep::DreamError;
use checkpoint::CheckpointError;
use records::RecordError;
use thiserror::Error;

/// A cell cannot be begun, saved or finished.
#[derive(Debug, Error)]
pub(super) enum SaveError {
    #[error(transparent)]
    Record(#[from] RecordError),
    #[error(transparent)]
    Dream(#[from] DreamError),
    #[error(transparent)]
    State(#[from] CheckpointError),
    #[error(transparent)]
    Text(#[from] clip::TokenizeError),
    #[error("no thread can be started to write results")]
    Thread(#[source] std::io::Error),
    #[error("failed to encode an image")]
    Image(#[from] image::ImageError),
    #[error("the settings cannot be written as TOML")]
    Settings(#[from] toml::ser::Error),
}
