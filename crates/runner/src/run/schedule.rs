use std::thread;

use experiment::plan::Cell;
use miette::Diagnostic;
use model_sets::ModelSet;
use optim_python::Interpreter;
use records::{CellStatus, ResultsFolder};
use tch::Device;
use thiserror::Error;

use super::queue::Queue;
use super::worker::Worker;
use super::worker_loop::WorkerLoop;
use super::{CancellationToken, Progress};
use crate::devices::cores;
use crate::models::{LoadError, Workload};

/// Who computes: how many workers on what, each with how many threads and cells at once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Schedule {
    /// A worker for each.
    pub workers: Vec<Assignment>,
    /// Python for optimizers that are in it.
    pub python: Interpreter,
}

/// Device, threads and batch size of a worker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Assignment {
    /// Its device.
    pub device: Device,
    /// Threads that libtorch uses for it.
    pub threads: usize,
    /// Cells that it advances in one batch, at most.
    pub batch: usize,
}

/// Status counts of a run's cells.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StatusCounts {
    /// With all steps done.
    pub finished: usize,
    /// Ended by numbers that are not finite.
    pub diverged: usize,
    /// Ended by errors.
    pub failed: usize,
    /// Not ended.
    pub left: usize,
}

/// A run that cannot go on.
#[derive(Debug, Error, Diagnostic)]
#[expect(missing_docs, reason = "the messages say it")]
pub enum ScheduleError {
    #[error(transparent)]
    #[diagnostic(transparent)]
    Load(LoadError),
    #[error("a worker could not be started")]
    Thread(#[from] std::io::Error),
}

impl Schedule {
    /// A worker for each GPU, with batches as large as its memory; or workers on the CPU, where
    /// batches do not pay.
    ///
    /// On the CPU the number of threads depends on the models alone, never on `jobs`: sums that are
    /// split among threads round differently, and results must not depend on how many cells are
    /// computed at once.
    pub fn new(devices: &[Device], jobs: Option<usize>, workload: &Workload) -> Self {
        let cores = cores();
        if devices == [Device::Cpu] {
            let small = workload.is_small();
            let threads = if small { 1 } else { cores };
            let count = jobs.unwrap_or(if small { cores } else { 1 });
            let assignment = Assignment { device: Device::Cpu, threads, batch: 1 };
            return Self { workers: vec![assignment; count], python: Interpreter::default() };
        }
        let worker = |&device: &Device| Assignment { device, threads: 1, batch: workload.batch_on(device) };
        Self { workers: devices.iter().map(worker).collect(), python: Interpreter::default() }
    }

    /// Computes `cells`, until all have ended or cancellation is requested.
    ///
    /// # Errors
    /// When the models cannot be loaded. What goes wrong with one cell is recorded, and the others
    /// go on.
    pub fn run(
        &self,
        cells: &[&Cell],
        set: &ModelSet,
        results: &ResultsFolder,
        progress: &Progress,
        stop: &CancellationToken,
    ) -> Result<(), ScheduleError> {
        let workers = &self.workers[..self.workers.len().min(cells.len())];
        let queue = &Queue::new(cells.iter().copied(), workers.len().max(1));
        thread::scope(|scope| {
            let mut threads = Vec::new();
            for &Assignment { device, threads: count, batch } in workers {
                let worker =
                    Worker { device, threads: count, set, python: &self.python, results, progress, stop };
                let worker_loop = WorkerLoop { device, most: batch, results, queue, progress, stop };
                let thread = thread::Builder::new().name("worker".into());
                threads.push(thread.spawn_scoped(scope, || worker.work(worker_loop))?);
            }
            let ended: Vec<_> = threads.into_iter().map(thread::ScopedJoinHandle::join).collect();
            for result in ended {
                // A panic outside of any cell is a fault of this program: let it be seen.
                result
                    .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
                    .map_err(ScheduleError::Load)?;
            }
            Ok(())
        })
    }
}

impl StatusCounts {
    /// Counts records; those that cannot be read are of cells that have not ended.
    pub fn of(results: &ResultsFolder, cells: &[&Cell]) -> Self {
        let mut counts = Self::default();
        for cell in cells {
            let record = results.cell(&cell.id).record().ok().flatten();
            let ended = record.as_ref().is_some_and(|record| cell.is_ended_by(record));
            match record.map(|record| record.status) {
                Some(CellStatus::Finished(_)) if ended => counts.finished += 1,
                Some(CellStatus::Diverged { .. }) if ended => counts.diverged += 1,
                Some(CellStatus::Failed { .. }) => counts.failed += 1,
                _ => counts.left += 1,
            }
        }
        counts
    }
}
