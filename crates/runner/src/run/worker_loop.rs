use experiment::plan::Cell;
use records::{CellStatus, ResultsFolder};
use tch::Device;
use torch_ext::catch_panic;

use super::cell_run::record_failure;
use super::failure::Failure;
use super::queue::Queue;
use super::{CancellationToken, Progress};
use crate::models::LoadError;

/// Takes batches from the queue until no cell waits, and knows what to do when one does not come to
/// its end.
pub(super) struct WorkerLoop<'w, 'c> {
    /// For the log.
    pub(super) device: Device,
    /// Cells in a batch, at most.
    pub(super) most: usize,
    pub(super) results: &'w ResultsFolder,
    pub(super) queue: &'w Queue<'c>,
    pub(super) progress: &'w Progress,
    pub(super) stop: &'w CancellationToken,
}

impl<'c> WorkerLoop<'_, 'c> {
    /// Has `compute` advance batch after batch until each of its cells has ended, or cancellation
    /// is requested.
    ///
    /// A batch that memory does not suffice for is halved; one that fails otherwise, by an error or
    /// a panic, is computed cell by cell, so that one cell's fault costs no other. What has ended,
    /// as records tell, is not computed again.
    ///
    /// # Errors
    /// Models that cannot be loaded: no worker can do anything then.
    pub(super) fn run(
        mut self,
        mut compute: impl FnMut(&[&'c Cell]) -> Result<(), Failure>,
    ) -> Result<(), LoadError> {
        while !self.stop.is_canceled() {
            let cells = self.queue.take(self.most);
            if cells.is_empty() {
                break;
            }
            match self.attempt(&mut compute, &cells) {
                Ok(()) => {}
                Err(Failure::Models(error)) => {
                    self.stop.cancel();
                    return Err(error);
                }
                Err(Failure::OutOfMemory(message)) if cells.len() > 1 => {
                    self.most = cells.len() / 2;
                    tracing::warn!(device = ?self.device, most = self.most, message, "out of memory: smaller batches");
                    self.queue.put_back(&self.unended(&cells));
                }
                Err(Failure::Other(message)) if cells.len() > 1 => {
                    tracing::warn!(message, "a batch failed: its cells are computed one by one");
                    for cell in self.unended(&cells) {
                        if let Err(failure) = self.attempt(&mut compute, &[cell]) {
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
        compute: &mut impl FnMut(&[&'c Cell]) -> Result<(), Failure>,
        cells: &[&'c Cell],
    ) -> Result<(), Failure> {
        let ids = cells.iter().map(|cell| cell.id.as_str()).collect::<Vec<_>>().join(" + ");
        let _span = tracing::info_span!("cell", id = %ids, device = ?self.device).entered();
        catch_panic(|| compute(cells)).unwrap_or_else(|message| Err(Failure::of_message(message)))
    }

    /// The cells that have not ended, as their records tell.
    fn unended(&self, cells: &[&'c Cell]) -> Vec<&'c Cell> {
        let ended = |cell: &Cell| {
            let record = self.results.cell(&cell.id).record();
            matches!(record, Ok(Some(record)) if cell.is_ended_by(&record))
        };
        cells.iter().copied().filter(|cell| !ended(cell)).collect()
    }

    fn fail(&self, cell: &Cell, failure: Failure) -> Result<(), LoadError> {
        let reason = match failure {
            Failure::Models(error) => return Err(error),
            Failure::OutOfMemory(reason) | Failure::Other(reason) => reason,
        };
        tracing::error!(cell = cell.id, reason, "failed");
        if !self.results.is_there() {
            self.stop.cancel(); // whatever is computed now is lost
            return Ok(());
        }
        if let Err(error) = record_failure(self.results, cell, &reason) {
            tracing::error!(
                cell = cell.id,
                error = super::failure::chain(&error),
                "and that cannot be recorded"
            );
        }
        self.progress.ended(cell, &CellStatus::Failed { reason });
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use experiment::Experiment;
    use experiment::plan::Plan;
    use model_sets::Identity;

    /// Eight cells that can all be batched together.
    fn plan() -> Plan {
        let text = r#"
            name = "worker_loop"
            models = ["none"]
            prompts = ["a", "b"]
            seeds = [0, 1, 2, 3]
            optimizer.adam = {}
        "#;
        let experiment = Experiment::parse("worker_loop.toml", text).unwrap();
        Plan::new(&experiment, &Identity::new("none", BTreeMap::new())).unwrap()
    }

    /// What becomes of eight cells in batches of up to `most`: the batches that `compute` was
    /// given, and how each cell ended.
    ///
    /// `compute` is handed a batch and what records that a cell of it has ended.
    fn drained(
        most: usize,
        compute: impl Fn(&[&Cell], &dyn Fn(&Cell)) -> Result<(), Failure>,
    ) -> (Vec<Vec<String>>, Vec<String>) {
        let (plan, folder) = (plan(), tempfile::tempdir().unwrap());
        let (results, stop) = (ResultsFolder::at(folder.path()), CancellationToken::default());
        let (queue, progress) = (Queue::new(&plan.cells, 1), Progress::hidden(plan.cells.len()));
        let end = |cell: &Cell| {
            let status = CellStatus::Diverged { at_step: 1, seconds: 0.0, similarity_initial: None }; // an end like any other
            results.cell(&cell.id).write_record(&cell.record(status).unwrap()).unwrap();
        };
        let mut batches = Vec::new();
        let worker_loop = WorkerLoop {
            device: Device::Cpu,
            most,
            results: &results,
            queue: &queue,
            progress: &progress,
            stop: &stop,
        };
        worker_loop
            .run(|cells| {
                batches.push(cells.iter().map(|cell| cell.id.clone()).collect());
                compute(cells, &end)
            })
            .unwrap();
        let status = |cell: &Cell| match results.cell(&cell.id).record().unwrap().map(|record| record.status)
        {
            Some(CellStatus::Diverged { .. }) => "ended".to_owned(),
            Some(CellStatus::Failed { reason }) => reason,
            other => format!("{other:?}"),
        };
        (batches, plan.cells.iter().map(status).collect())
    }

    fn sizes(batches: &[Vec<String>]) -> Vec<usize> {
        batches.iter().map(Vec::len).collect()
    }

    fn out_of_memory() -> Result<(), Failure> {
        Err(Failure::OutOfMemory("out of memory: no room".to_owned()))
    }

    #[test]
    fn packs_are_halved_until_they_fit_and_stay_so() {
        let (batches, ends) = drained(8, |cells, end| {
            if cells.len() > 2 {
                return out_of_memory();
            }
            cells.iter().for_each(|cell| end(cell));
            Ok(())
        });
        assert_eq!(sizes(&batches), [8, 4, 2, 2, 2, 2]);
        assert_eq!(batches[2..].concat(), batches[0], "in their order, each once");
        assert_eq!(ends, ["ended"; 8]);
    }

    #[test]
    fn what_has_ended_before_memory_ran_out_is_not_computed_again() {
        let (batches, ends) = drained(8, |cells, end| {
            if cells.len() > 4 {
                cells[..3].iter().for_each(|cell| end(cell));
                return out_of_memory();
            }
            cells.iter().for_each(|cell| end(cell));
            Ok(())
        });
        assert_eq!(sizes(&batches), [8, 4, 1]);
        assert_eq!(batches[1..].concat(), batches[0][3..]);
        assert_eq!(ends, ["ended"; 8]);
    }

    #[test]
    fn a_cell_that_does_not_fit_alone_fails_and_the_others_go_on() {
        let (batches, ends) = drained(2, |cells, end| {
            if cells.iter().any(|cell| cell.seed == 1) {
                return out_of_memory();
            }
            cells.iter().for_each(|cell| end(cell));
            Ok(())
        });
        assert_eq!(sizes(&batches), [2, 1, 1, 1, 1, 1, 1, 1, 1]);
        let no_room = "out of memory: no room";
        assert_eq!(ends, ["ended", no_room, "ended", "ended", "ended", no_room, "ended", "ended"]);
    }

    #[test]
    fn a_panic_costs_the_cell_it_happens_in() {
        let (batches, ends) = drained(4, |cells, end| {
            for cell in cells {
                assert!(cell.seed != 2, "a fault in {}", cell.id);
                end(cell);
            }
            Ok(())
        });
        // Seeds 0 and 1 had ended when it came to the panic; 2 and 3 are tried alone.
        assert_eq!(sizes(&batches), [4, 1, 1, 4, 1, 1]);
        assert_eq!(ends[..4], ["ended", "ended", "a fault in a/adam/seed-2", "ended"]);
        assert_eq!(ends[4..], ["ended", "ended", "a fault in b/adam/seed-2", "ended"]);
    }

    #[test]
    fn a_panic_about_memory_halves_the_pack() {
        let (batches, ends) = drained(8, |cells, end| {
            assert!(cells.len() <= 4, "CUDA out of memory. Tried to allocate 2.00 GiB");
            cells.iter().for_each(|cell| end(cell));
            Ok(())
        });
        assert_eq!(sizes(&batches), [8, 4, 4]);
        assert_eq!(ends, ["ended"; 8]);
    }

    #[test]
    fn without_models_nobody_goes_on() {
        let plan = plan();
        let (folder, stop) = (tempfile::tempdir().unwrap(), CancellationToken::default());
        let (results, queue) = (ResultsFolder::at(folder.path()), Queue::new(&plan.cells, 1));
        let progress = Progress::hidden(8);
        let worker_loop = WorkerLoop {
            device: Device::Cpu,
            most: 4,
            results: &results,
            queue: &queue,
            progress: &progress,
            stop: &stop,
        };
        let error = worker_loop
            .run(|_| Err(Failure::Models(LoadError::NoConfig { set: "none".to_owned() })))
            .unwrap_err();
        assert!(matches!(error, LoadError::NoConfig { .. }));
        assert!(stop.is_canceled(), "the other workers are told");
    }
}
