//! Reading and writing the files of records.

use std::io;
use std::path::Path;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::check::Check;
use super::seal::{SealError, opened, sealed};
use super::{LARGEST_RECORD, RecordError, TomlError, read_regular, write_atomically, write_unless_same};

pub(super) fn read(path: &Path) -> Result<Option<Vec<u8>>, RecordError> {
    match read_regular(path, LARGEST_RECORD) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(RecordError::Read { path: path.to_owned(), source }),
    }
}

pub(super) fn read_toml<T: DeserializeOwned + Check>(path: &Path) -> Result<Option<T>, RecordError> {
    let Some(bytes) = read(path)? else { return Ok(None) };
    let damaged = |reason| RecordError::Damaged { path: path.to_owned(), reason };
    let text = opened(&bytes).map_err(|error| match error {
        SealError::Newer { found } => RecordError::Newer { path: path.to_owned(), found },
        error => damaged(error.to_string()),
    })?;
    let record: T = toml::from_str(&text)
        .map_err(|error| TomlError::of(path, &text, &error))
        .map_err(|source| RecordError::Toml { path: path.to_owned(), source: Box::new(source) })?;
    record.check().map_err(damaged)?;
    Ok(Some(record))
}

pub(super) fn write_toml<T: Serialize>(path: &Path, record: &T) -> Result<(), RecordError> {
    write_atomically(path, sealed_toml(path, record)?.as_bytes())
}

/// Writes a record that all shards of a run know alike, unless it is there.
pub(super) fn write_toml_unless_same<T: Serialize>(path: &Path, record: &T) -> Result<(), RecordError> {
    write_unless_same(path, sealed_toml(path, record)?.as_bytes())
}

fn sealed_toml<T: Serialize>(path: &Path, record: &T) -> Result<String, RecordError> {
    let text = toml::to_string(record)
        .map_err(|source| RecordError::Encode { path: path.to_owned(), source: Box::new(source) })?;
    Ok(sealed(&text))
}
