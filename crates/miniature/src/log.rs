use std::{
    fs::{self, File, OpenOptions},
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};

use crate::MiniatureError;

/// A line of a training log.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize, Serialize)]
pub struct LogRow {
    /// Steps taken.
    pub step: u64,
    /// The mean loss of the steps since the row before.
    pub loss: f64,
    /// Seconds that the steps took since the training began, over all its parts.
    pub elapsed_s: f64,
}

/// The CSV file that says how a training went.
pub(crate) struct Log {
    path: PathBuf,
    writer: csv::Writer<File>,
}

impl Log {
    /// Opens the log of a training that has taken `steps`: rows beyond them, which no checkpoint
    /// kept, are dropped.
    pub(crate) fn open(path: &Path, steps: u64) -> Result<(Self, f64), MiniatureError> {
        let kept: Vec<LogRow> =
            rows(path).unwrap_or_default().into_iter().filter(|row| row.step <= steps).collect();
        let file = OpenOptions::new().create(true).write(true).truncate(true).open(path);
        let file = file.map_err(|source| MiniatureError::File { path: path.to_owned(), source })?;
        let mut log = Self { path: path.to_owned(), writer: csv::Writer::from_writer(file) };
        kept.iter().try_for_each(|row| log.write(row))?;
        Ok((log, kept.last().map_or(0.0, |row| row.elapsed_s)))
    }

    pub(crate) fn write(&mut self, row: &LogRow) -> Result<(), MiniatureError> {
        let failed = |source| MiniatureError::Log { path: self.path.clone(), source };
        self.writer.serialize(row).map_err(failed)?;
        self.writer.flush().map_err(|source| MiniatureError::File { path: self.path.clone(), source })
    }
}

/// The rows of a log, or none if there is no log.
fn rows(path: &Path) -> Option<Vec<LogRow>> {
    let text = fs::read_to_string(path).ok()?;
    Some(csv::Reader::from_reader(text.as_bytes()).deserialize().filter_map(Result::ok).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_beyond_the_checkpoint_are_dropped() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("log.csv");
        let row = |step: u64| LogRow { step, loss: 0.5, elapsed_s: step as f64 / 10.0 };
        let (mut log, elapsed) = Log::open(&path, 0).expect("a log");
        assert_eq!(elapsed, 0.0);
        for step in [50, 100, 150] {
            log.write(&row(step)).expect("a row");
        }
        drop(log);
        let (_, elapsed) = Log::open(&path, 100).expect("a log");
        assert_eq!(elapsed, 10.0);
        assert_eq!(rows(&path).expect("rows"), [row(50), row(100)]);
    }
}
