//! A batch of cells, advanced in one batch until each has ended.

use std::time::{Duration, Instant};

use bigsleep::{Dream, DreamError, Dreamer, Status};
use experiment::plan::Cell;
use records::{Machine, ResultsFolder};
use tch::Device;

use super::CancellationToken;
use super::cell_run::CellRun;
use super::fault::{self, Place};
use super::pictures::pixels;
use super::progress::BatchProgress;
use super::save_error::SaveError;
use super::snapshot::{Snapshot, to_host, wait_for};
use super::writer::Writer;

/// Longest interval between fetches of the trace from the device, each of which waits for the
/// device.
const FETCH_EVERY: Duration = Duration::from_millis(500);

pub(super) struct Batch<'c, 'r> {
    dreamer: &'r Dreamer,
    progress: &'r BatchProgress<'r>,
    dreams: Vec<Dream>,
    cell_runs: Vec<CellRun<'c>>,
    fetched: Instant,
    /// On their way from the device.
    arriving: Vec<Snapshot>,
    writer: Writer,
}

impl<'c, 'r> Batch<'c, 'r> {
    /// Takes up the cells where they were left.
    pub(super) fn open(
        dreamer: &'r Dreamer,
        cells: &[&'c Cell],
        results: &ResultsFolder,
        machine: &Machine,
        progress: &'r BatchProgress<'r>,
    ) -> Result<Self, SaveError> {
        let mut batch = Self {
            dreamer,
            progress,
            dreams: Vec::new(),
            cell_runs: Vec::new(),
            fetched: Instant::now(),
            arriving: Vec::new(),
            writer: Writer::default(),
        };
        for cell in cells {
            let (cell_run, dream) = CellRun::open(dreamer, cell, results, machine)?;
            batch.cell_runs.push(cell_run);
            batch.dreams.push(dream);
        }
        Ok(batch)
    }

    /// Advances the batch until all of it has ended, or cancellation is requested: then all of it
    /// is saved.
    pub(super) fn run(mut self, stop: &CancellationToken) -> Result<(), SaveError> {
        self.fetched = Instant::now();
        self.retire()?;
        while !self.dreams.is_empty() {
            if stop.is_canceled() {
                return self.save_all();
            }
            match self.dreamer.step(&mut self.dreams) {
                Err(error @ DreamError::OutOfMemory { .. }) => {
                    self.save_all()?;
                    return Err(error.into());
                }
                stepped => stepped?,
            }
            if self.fetch_is_due() {
                self.fetch();
                self.write()?;
                self.drop_overtaken();
                self.save_due()?;
                self.retire()?;
            }
        }
        Ok(()) // whoever retired the last one has waited for the writer
    }

    fn fetch_is_due(&self) -> bool {
        self.fetched.elapsed() >= FETCH_EVERY || self.dreams.iter().any(is_save_point)
    }

    fn fetch(&mut self) {
        let elapsed = self.fetched.elapsed().as_secs_f64();
        self.fetched = Instant::now();
        let each = elapsed / self.dreams.len() as f64;
        for (cell_run, dream) in self.cell_runs.iter_mut().zip(&mut self.dreams) {
            cell_run.fetch(dream, each);
        }
        let rows: Vec<_> = self
            .cell_runs
            .iter()
            .filter_map(|cell_run| Some((cell_run.cell.cosine_scale(), cell_run.last_row()?)))
            .collect();
        self.progress.update(&rows);
    }

    /// Lets go of cells that a twin of this run has ended meanwhile, where locks did not keep it
    /// away: its record is about its own files.
    fn drop_overtaken(&mut self) {
        for index in (0..self.dreams.len()).rev() {
            let cell_run = &self.cell_runs[index];
            let Some(status) =
                is_save_point(&self.dreams[index]).then(|| cell_run.ended_elsewhere()).flatten()
            else {
                continue;
            };
            tracing::warn!(cell = cell_run.cell.id, "another run has ended this cell meanwhile");
            self.progress.ended(cell_run.cell, &status);
            self.dreams.remove(index);
            self.cell_runs.remove(index);
        }
    }

    /// Has the device copy what is to be saved now, of all such dreams together, and does not wait
    /// for it.
    fn save_due(&mut self) -> Result<(), SaveError> {
        let mut due: Vec<_> = self.cell_runs.iter_mut().zip(&mut self.dreams).collect();
        due.retain_mut(|(_, dream)| {
            is_save_point(dream) && !matches!(dream.status(), Status::Diverged { .. })
        });
        if due.is_empty() {
            return Ok(());
        }
        fault::at(Place::Draw, due.iter().map(|(cell_run, _)| cell_run.folder()));
        let images = self.dreamer.images(&due.iter().map(|(_, dream)| &**dream).collect::<Vec<_>>());
        let pixels = to_host(&pixels(&images));
        for (i, (cell_run, dream)) in (0..).zip(due) {
            let snapshot = cell_run.snapshot_with_frame(self.dreamer, dream, &images.get(i), pixels.get(i));
            self.arriving.push(snapshot?);
        }
        match self.dreamer.device() {
            Device::Cpu => self.write(), // nothing to wait for
            _ => Ok(()),
        }
    }

    /// Hands what has arrived to the writer.
    fn write(&mut self) -> Result<(), SaveError> {
        if self.arriving.is_empty() {
            return Ok(());
        }
        wait_for(self.dreamer.device());
        self.writer.send(std::mem::take(&mut self.arriving))
    }

    /// Ends the cells that have no step to go, once all before is on the disk.
    fn retire(&mut self) -> Result<(), SaveError> {
        if self.dreams.iter_mut().all(|dream| dream.status() == Status::Running) {
            return Ok(());
        }
        self.write()?;
        self.writer.finish()?;
        let mut index = 0;
        while index < self.dreams.len() {
            let (cell_run, dream) = (&mut self.cell_runs[index], &mut self.dreams[index]);
            let status = match dream.status() {
                Status::Running => {
                    index += 1;
                    continue;
                }
                Status::Finished => cell_run.finish(self.dreamer, dream)?,
                Status::Diverged { at_step } => {
                    let snapshot = cell_run.snapshot(dream)?;
                    wait_for(self.dreamer.device());
                    snapshot.write()?;
                    cell_run.diverge(self.dreamer, at_step)?
                }
            };
            self.progress.ended(cell_run.cell, &status);
            self.dreams.remove(index);
            self.cell_runs.remove(index);
        }
        Ok(())
    }

    fn save_all(&mut self) -> Result<(), SaveError> {
        self.fetch();
        self.write()?;
        self.arriving = self
            .cell_runs
            .iter()
            .zip(&mut self.dreams)
            .map(|(cell_run, dream)| cell_run.snapshot(dream))
            .collect::<Result<_, _>>()?;
        self.write()?;
        self.writer.finish()
    }
}

/// After every `save_every` steps, and after the last.
fn is_save_point(dream: &Dream) -> bool {
    let settings = &dream.spec().settings;
    dream.step().is_multiple_of(settings.save_every) || dream.step() == settings.steps()
}
