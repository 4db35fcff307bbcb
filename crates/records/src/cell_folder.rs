use std::io;
use std::path::{Path, PathBuf};

use super::atomic::write_by_way_of;
use super::check::check_trace;
use super::curve::{self, CURVE};
use super::files::{read, read_toml, write_toml};
use super::leftovers::{self, ANIMATING};
use super::trace;
use super::{CellRecord, CurveRow, Evaluation, RecordError, TraceRow, write_atomically};

/// The folder of one cell, such as `results/optimizers/cells/bicycle/adam/seed-0`.
#[derive(Clone, Debug)]
pub struct CellFolder {
    pub(super) root: PathBuf,
    pub(super) results: PathBuf,
}

impl CellFolder {
    /// Path of the folder.
    pub fn path(&self) -> &Path {
        &self.root
    }

    /// Writes a file of the cell, whole or not at all.
    ///
    /// # Errors
    /// When it cannot be written, or the results folder has been removed: it is not made again
    /// half.
    pub fn write(&self, path: &Path, bytes: &[u8]) -> Result<(), RecordError> {
        self.is_wanted(path)?;
        write_atomically(path, bytes)
    }

    fn is_wanted(&self, path: &Path) -> Result<(), RecordError> {
        if self.results.is_dir() {
            return Ok(());
        }
        let source = io::Error::new(io::ErrorKind::NotFound, "the results folder has been removed");
        Err(RecordError::Write { path: path.to_owned(), source })
    }

    /// `cell.toml`, if the cell was begun.
    ///
    /// # Errors
    /// When it is unreadable.
    pub fn record(&self) -> Result<Option<CellRecord>, RecordError> {
        read_toml(&self.root.join("cell.toml"))
    }

    /// Writes `cell.toml`.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write_record(&self, record: &CellRecord) -> Result<(), RecordError> {
        let path = self.root.join("cell.toml");
        self.is_wanted(&path)?;
        write_toml(&path, record)
    }

    /// `trace.csv`: all rows in the order of steps, none if the cell was not begun.
    ///
    /// # Errors
    /// When it is unreadable.
    pub fn trace(&self) -> Result<Vec<TraceRow>, RecordError> {
        let path = self.root.join("trace.csv");
        let Some(bytes) = read(&path)? else { return Ok(Vec::new()) };
        let rows =
            trace::from_csv(&bytes).map_err(|source| RecordError::Csv { path: path.clone(), source })?;
        check_trace(&rows).map_err(|reason| RecordError::Damaged { path, reason })?;
        Ok(rows)
    }

    /// Writes `trace.csv`, all of it.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write_trace(&self, rows: &[TraceRow]) -> Result<(), RecordError> {
        let path = self.root.join("trace.csv");
        let csv = trace::to_csv(rows).map_err(|source| RecordError::Csv { path: path.clone(), source })?;
        self.write(&path, &csv)
    }

    /// `curve.csv`: all rows in the order of steps, none if there is no such file.
    ///
    /// # Errors
    /// When it is unreadable.
    pub fn curve(&self) -> Result<Vec<CurveRow>, RecordError> {
        let path = self.curve_path();
        let Some(bytes) = read(&path)? else { return Ok(Vec::new()) };
        let rows =
            curve::from_csv(&bytes).map_err(|source| RecordError::Csv { path: path.clone(), source })?;
        curve::check(&rows).map_err(|reason| RecordError::Damaged { path, reason })?;
        Ok(rows)
    }

    /// Writes `curve.csv`, all of it, and returns its bytes.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write_curve(&self, rows: &[CurveRow]) -> Result<Vec<u8>, RecordError> {
        let path = self.curve_path();
        let csv = curve::to_csv(rows).map_err(|source| RecordError::Csv { path: path.clone(), source })?;
        self.write(&path, &csv)?;
        Ok(csv)
    }

    pub(super) fn curve_path(&self) -> PathBuf {
        self.root.join(CURVE)
    }

    /// Path of the image of the averaged latents after `step` steps.
    pub fn frame(&self, step: u32) -> PathBuf {
        self.root.join("frames").join(format!("{step:06}.png"))
    }

    /// Path of the final image.
    pub fn final_image(&self) -> PathBuf {
        self.root.join("final.png")
    }

    /// Path of the best frame.
    pub fn best_image(&self) -> PathBuf {
        self.root.join("best.png")
    }

    /// `evaluation.toml`, if the last image has been judged.
    ///
    /// # Errors
    /// When it is unreadable.
    pub fn evaluation(&self) -> Result<Option<Evaluation>, RecordError> {
        read_toml(&self.root.join("evaluation.toml"))
    }

    /// Writes `evaluation.toml`.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write_evaluation(&self, evaluation: &Evaluation) -> Result<(), RecordError> {
        let path = self.root.join("evaluation.toml");
        self.is_wanted(&path)?;
        write_toml(&path, evaluation)
    }

    /// Path of the segmenter's mask of the final image.
    pub fn mask(&self) -> PathBuf {
        self.root.join("mask.png")
    }

    /// Writes `progress.gif`. Whoever makes a report does so, while another shard may be at work in
    /// this folder: their temporary files have other names, and neither takes the other's for a
    /// leftover. Reports are made one at a time.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn write_animation(&self, gif: &[u8]) -> Result<(), RecordError> {
        leftovers::remove(&self.root);
        write_by_way_of(ANIMATING, &self.root.join("progress.gif"), gif)
    }

    /// Removes what a killed run was about to write.
    pub fn remove_leftovers(&self) {
        for place in [self.root.clone(), self.root.join("frames")] {
            leftovers::remove(&place);
        }
    }

    /// Path of the state to resume from.
    pub fn state(&self) -> PathBuf {
        self.root.join("state.safetensors")
    }
}
