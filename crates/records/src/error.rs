use std::io;
use std::path::PathBuf;

use thiserror::Error;

/// A record could not be read or written.
#[derive(Debug, Error)]
#[expect(missing_docs, reason = "the messages say it")]
pub enum RecordError {
    #[error("failed to read `{}`", path.display())]
    Read { path: PathBuf, source: io::Error },
    #[error("failed to write `{}`", path.display())]
    Write { path: PathBuf, source: io::Error },
    #[error("`{}` is not a record of this program", path.display())]
    Toml { path: PathBuf, source: Box<toml::de::Error> },
    #[error("`{}` is not a record of this program", path.display())]
    Json { path: PathBuf, source: serde_json::Error },
    #[error("`{}` is not a trace", path.display())]
    Csv { path: PathBuf, source: csv::Error },
    #[error("failed to encode `{}`", path.display())]
    Encode { path: PathBuf, source: Box<toml::ser::Error> },
    #[error("`{}` is not a table of published figures", path.display())]
    Published { path: PathBuf, source: Box<super::PublishedError> },
    #[error("`{}` is not a results folder: it has no plan.toml", path.display())]
    NotResults { path: PathBuf },
}
