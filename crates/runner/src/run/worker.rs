use bigsleep::{DreamSettings, Dreamer};
use experiment::plan::Cell;
use model_sets::ModelSet;
use optim_python::Interpreter;
use records::ResultsFolder;
use tch::Device;

use super::batch::Batch;
use super::failure::Failure;
use super::machine::machine;
use super::worker_loop::WorkerLoop;
use super::{CancellationToken, Progress};
use crate::models::{LoadError, load};

/// Computes cells on one device until none waits.
pub(super) struct Worker<'w> {
    pub(super) device: Device,
    pub(super) threads: usize,
    pub(super) set: &'w ModelSet,
    pub(super) python: &'w Interpreter,
    pub(super) results: &'w ResultsFolder,
    pub(super) progress: &'w Progress,
    pub(super) stop: &'w CancellationToken,
}

impl Worker<'_> {
    pub(super) fn work(self, worker_loop: WorkerLoop<'_, '_>) -> Result<(), LoadError> {
        tch::set_num_threads(i32::try_from(self.threads).unwrap_or(i32::MAX));
        let mut loaded = None;
        worker_loop.run(|cells| self.compute(&mut loaded, cells))
    }

    fn compute(&self, loaded: &mut Option<(DreamSettings, Dreamer)>, cells: &[&Cell]) -> Result<(), Failure> {
        // Taken out: what a panic leaves behind is not used again.
        let (settings, dreamer) = self.models(loaded.take(), &cells[0].dream)?;
        let progress = self.progress.batch(cells);
        let machine = machine(self.device, self.threads);
        let batch = Batch::open(&dreamer, cells, self.results, &machine, &progress);
        let ended = batch.and_then(|batch| batch.run(self.stop));
        *loaded = Some((settings, dreamer));
        Ok(ended?)
    }

    /// Reuses the loaded models where they serve.
    fn models(
        &self,
        loaded: Option<(DreamSettings, Dreamer)>,
        wanted: &DreamSettings,
    ) -> Result<(DreamSettings, Dreamer), LoadError> {
        match loaded {
            Some(loaded) if loaded.0.batches_with(wanted) => Ok(loaded),
            others => {
                drop(others); // frees the memory first
                Ok((wanted.clone(), load(self.set, wanted, self.device)?.with_python(self.python)))
            }
        }
    }
}
