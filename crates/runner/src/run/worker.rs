use std::any::Any;
use std::error::Error;
use std::panic::{AssertUnwindSafe, catch_unwind};

use bigsleep::{DreamError, DreamSettings, Dreamer};
use tch::Device;

use super::load::{self, LoadError};
use super::pack::Pack;
use super::queue::Queue;
use super::save::{SaveError, record_failure};
use super::{Progress, Stop};
use crate::model_sets::ModelSet;
use crate::plan::Cell;
use crate::records::{CellStatus, ResultsFolder};

/// Computes cells on one device until none waits.
pub(super) struct Worker<'w, 'c> {
    pub(super) device: Device,
    pub(super) threads: usize,
    pub(super) most: usize,
    pub(super) set: &'w ModelSet,
    pub(super) results: &'w ResultsFolder,
    pub(super) queue: &'w Queue<'c>,
    pub(super) progress: &'w Progress,
    pub(super) stop: &'w Stop,
}

/// Why a pack did not come to its end.
enum Failure {
    /// The models cannot be loaded: no cell can be computed.
    Models(LoadError),
    OutOfMemory(String),
    Other(String),
}

impl<'c> Worker<'_, 'c> {
    pub(super) fn work(mut self) -> Result<(), LoadError> {
        tch::set_num_threads(i32::try_from(self.threads).unwrap_or(i32::MAX));
        let mut loaded = None;
        while !self.stop.is_wished() {
            let cells = self.queue.take(self.most);
            if cells.is_empty() {
                break;
            }
            match self.attempt(&mut loaded, &cells) {
                Ok(()) => {}
                Err(Failure::Models(error)) => {
                    self.stop.wish();
                    return Err(error);
                }
                Err(Failure::OutOfMemory(message)) if cells.len() > 1 => {
                    self.most = cells.len() / 2;
                    tracing::warn!(device = ?self.device, most = self.most, message, "out of memory: smaller packs");
                    self.queue.put_back(&self.unended(&cells));
                }
                Err(Failure::Other(message)) if cells.len() > 1 => {
                    tracing::warn!(message, "a pack failed: its cells are computed one by one");
                    for cell in self.unended(&cells) {
                        if let Err(failure) = self.attempt(&mut loaded, &[cell]) {
                            self.fail(cell, failure)?;
                        }
                    }
                }
                Err(failure) => self.fail(cells[0], failure)?,
            }
        }
        Ok(())
    }

    fn attempt(
        &self,
        loaded: &mut Option<(DreamSettings, Dreamer)>,
        cells: &[&'c Cell],
    ) -> Result<(), Failure> {
        let ids = cells.iter().map(|cell| cell.id.as_str()).collect::<Vec<_>>().join(" + ");
        let _span = tracing::info_span!("cell", id = %ids, device = ?self.device).entered();
        catch_unwind(AssertUnwindSafe(|| self.compute(loaded, cells))).unwrap_or_else(|panic| {
            *loaded = None; // who knows
            Err(Failure::of_message(panic_message(panic.as_ref())))
        })
    }

    fn compute(
        &self,
        loaded: &mut Option<(DreamSettings, Dreamer)>,
        cells: &[&'c Cell],
    ) -> Result<(), Failure> {
        let wanted = &cells[0].dream;
        if loaded.as_ref().is_none_or(|(settings, _)| !settings.packs_with(wanted)) {
            *loaded = None; // frees the memory first
            *loaded = Some((wanted.clone(), load::load(self.set, wanted, self.device)?));
        }
        let Some((_, dreamer)) = loaded else { return Ok(()) };
        let progress = self.progress.pack(cells);
        Pack::open(dreamer, cells, self.results, &progress)?.run(self.stop)?;
        Ok(())
    }

    /// Those that have not ended, as their records tell.
    fn unended(&self, cells: &[&'c Cell]) -> Vec<&'c Cell> {
        let ended = |cell: &Cell| {
            let record = self.results.cell(&cell.id).record();
            matches!(record, Ok(Some(record)) if record.status.is_final())
        };
        cells.iter().copied().filter(|cell| !ended(cell)).collect()
    }

    fn fail(&self, cell: &Cell, failure: Failure) -> Result<(), LoadError> {
        let reason = match failure {
            Failure::Models(error) => return Err(error),
            Failure::OutOfMemory(reason) | Failure::Other(reason) => reason,
        };
        tracing::error!(cell = cell.id, reason, "failed");
        if let Err(error) = record_failure(self.results, cell, &reason) {
            tracing::error!(cell = cell.id, error = chain(&error), "and that cannot be recorded");
        }
        self.progress.ended(cell, &CellStatus::Failed { reason });
        Ok(())
    }
}

impl Failure {
    fn of_message(message: String) -> Self {
        if message.contains("out of memory") { Self::OutOfMemory(message) } else { Self::Other(message) }
    }
}

impl From<LoadError> for Failure {
    fn from(error: LoadError) -> Self {
        match error {
            LoadError::Dreamer { .. } => Self::Other(chain(&error)), // these settings' fault
            _ => Self::Models(error),
        }
    }
}

impl From<SaveError> for Failure {
    fn from(error: SaveError) -> Self {
        match &error {
            SaveError::Dream(DreamError::OutOfMemory { .. }) => Self::OutOfMemory(chain(&error)),
            _ => Self::Other(chain(&error)),
        }
    }
}

/// An error with its causes, in a line.
fn chain(error: &dyn Error) -> String {
    let mut messages = vec![error.to_string()];
    let mut cause = error.source();
    while let Some(error) = cause {
        messages.push(error.to_string());
        cause = error.source();
    }
    messages.dedup();
    messages.join(": ")
}

fn panic_message(panic: &(dyn Any + Send)) -> String {
    let formatted = panic.downcast_ref::<String>().map(String::as_str);
    formatted
        .or_else(|| panic.downcast_ref::<&str>().copied())
        .unwrap_or("a panic without a message")
        .to_owned()
}
