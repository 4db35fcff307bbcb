use std::io;
use std::path::PathBuf;

use thiserror::Error;

/// A record could not be read or written.
#[derive(Debug, Error)]
#[expect(missing_docs, reason = "the messages say it")]
pub enum RecordError {
    #[error("failed to read `{}`", printable::path(path))]
    Read { path: PathBuf, source: io::Error },
    #[error("failed to move `{}` to `{to}`", printable::path(from))]
    Move { from: PathBuf, to: String, source: io::Error },
    #[error("failed to write `{}`", printable::path(path))]
    Write { path: PathBuf, source: io::Error },
    #[error("`{}` is not a record of this program", printable::path(path))]
    Toml { path: PathBuf, source: Box<super::TomlError> },
    #[error("`{}` is not a record of this program", printable::path(path))]
    Json { path: PathBuf, source: serde_json::Error },
    #[error("`{}` is not a trace", printable::path(path))]
    Csv { path: PathBuf, source: csv::Error },
    #[error("`{}` is damaged: {reason}", printable::path(path))]
    Damaged { path: PathBuf, reason: String },
    #[error(
        "`{}` was written by a newer version of this program: its format is {found}",
        printable::path(path)
    )]
    Newer { path: PathBuf, found: u64 },
    #[error("failed to encode `{}`", printable::path(path))]
    Encode { path: PathBuf, source: Box<toml::ser::Error> },
    #[error("`{}` is not a table of published figures", printable::path(path))]
    Published { path: PathBuf, source: Box<super::PublishedError> },
    #[error("`{}` is not a results folder: it has no plan.toml", printable::path(path))]
    NotResults { path: PathBuf },
}

impl RecordError {
    /// Returns true if the file's content is at fault, so that it may be replaced: not so where the
    /// system refuses to read it, or a newer version of this program wrote it.
    pub fn is_damage(&self) -> bool {
        match self {
            Self::Read { source, .. } => matches!(
                source.kind(),
                io::ErrorKind::InvalidInput | io::ErrorKind::IsADirectory | io::ErrorKind::FileTooLarge
            ),
            Self::Toml { .. } | Self::Json { .. } | Self::Csv { .. } | Self::Published { .. } => true,
            Self::Damaged { .. } => true,
            Self::Newer { .. }
            | Self::Move { .. }
            | Self::Write { .. }
            | Self::Encode { .. }
            | Self::NotResults { .. } => false,
        }
    }

    /// The error in words that follow the file's name.
    pub(super) fn reason(&self) -> String {
        match self {
            Self::Read { source, .. } => format!("cannot be read: {source}"),
            Self::Toml { source, .. } => format!("is not a record of this program: {}", source.message()),
            Self::Json { source, .. } => format!("is not a record of this program: {source}"),
            Self::Csv { source, .. } => format!("is not a trace: {source}"),
            Self::Published { source, .. } => format!("is not a table of published figures: {source}"),
            Self::Damaged { reason, .. } => format!("is damaged: {reason}"),
            Self::Newer { found, .. } => {
                format!("was written by a newer version of this program: its format is {found}")
            }
            Self::Move { source, .. } => format!("cannot be moved: {source}"),
            Self::Write { source, .. } => format!("cannot be written: {source}"),
            Self::Encode { source, .. } => format!("cannot be encoded: {source}"),
            Self::NotResults { .. } => "is missing".to_owned(),
        }
    }
}
