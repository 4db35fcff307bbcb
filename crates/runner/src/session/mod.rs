//! A run of an experiment's cells into a results folder, from its first record to its last image judged.

mod environment;
mod folder;

use experiment::plan::{Cell, Plan};
use indicatif::{MultiProgress, ProgressDrawTarget};
use judges::{Judges, Labels};
use miette::{Result, WrapErr, miette};
use model_sets::{Identity, ModelSet};
use records::{ResultsFolder, counted};

use crate::cli::RunArgs;
use crate::devices;
use crate::models::Workload;
use crate::preflight::check_folders;
use crate::run::{FolderLock, Pass, Prepared, Progress, Schedule, Stop, prepare};
use crate::study::{Models, Study};

/// A run, once its records are in place.
pub struct Session<'s> {
    /// The cells that were selected.
    pub cells: Vec<&'s Cell>,
    study: &'s Study<'s>,
    set: &'s ModelSet,
    identity: &'s Identity,
    judges: Judges<'s>,
    labels: Labels,
    results: &'s ResultsFolder,
    prepared: Prepared<'s>,
    _lock: FolderLock,
}

/// A place where progress is shown.
#[derive(Clone, Copy)]
pub struct Shown<'b> {
    /// The bars of the terminal.
    pub bars: &'b MultiProgress,
    /// True if nothing is to be shown.
    pub quiet: bool,
}

impl<'s> Session<'s> {
    /// Checks everything, takes the results folder, moves records to where `plan` has them, and writes
    /// those about all cells.
    ///
    /// # Errors
    /// When the experiment cannot be run, or the folder holds what a run must not go on from.
    pub fn open(
        study: &'s Study<'s>,
        plan: &'s Plan,
        results: &'s ResultsFolder,
        args: &RunArgs,
        shard: Option<experiment::plan::Shard>,
    ) -> Result<Self> {
        let Models::Installed(set, identity) = &study.models else {
            return Err(miette!("no model set is installed"));
        };
        let judges = Judges::of(set, identity)?;
        let cells = study.select(plan)?;
        let labels = study.preflight(&judges, &cells)?;
        check_folders(results, &cells, args.tensorboard)?;
        let _lock = FolderLock::take(results.path(), shard)?;
        results.remove_leftovers();
        let prepared = prepare(results, &plan.cells, &cells, shard, args.fresh)?;
        let session = Self { cells, study, set, identity, judges, labels, results, prepared, _lock };
        session.write_records(plan)?;
        Ok(session)
    }

    /// The lines that tell what is about to be done.
    pub fn said(&self) -> Vec<String> {
        let Prepared { pending, to_measure, moved, unused } = &self.prepared;
        let devices = self.study.devices.iter().map(|&device| devices::name(device));
        let measured = match to_measure {
            0 => String::new(),
            count => format!(", {count} to compare with other texts"),
        };
        let head = format!(
            "{}: {}, {} to compute{measured}, with the model set {} ({}) on {}",
            self.study.experiment.name,
            counted(self.cells.len(), "cell"),
            pending.len() - to_measure,
            self.set.manifest.name,
            self.set.manifest.about,
            devices.collect::<Vec<_>>().join(", "),
        );
        let unused = folder::unused_cells(self.results.path(), unused);
        [folder::moved_cells(*moved), unused, Some(head)].into_iter().flatten().collect()
    }

    /// The judges that the model set names but that are not installed, in words.
    pub fn absent_judges(&self) -> &[String] {
        self.judges.absent()
    }

    /// Computes the cells that have not ended and has the images of all judged. Returns how many final
    /// images are still to be judged, which is none unless a stop was wished.
    ///
    /// # Errors
    /// The outer one when models cannot be loaded or the results folder has been removed; the inner one
    /// when an image could not be judged.
    pub fn run(&self, jobs: Option<usize>, stop: &Stop, shown: Shown<'_>) -> Result<Result<usize>> {
        let Some(first) = self.cells.first() else { return Ok(Ok(0)) };
        let workload = Workload::of_set(self.set, &first.dream)?;
        let schedule = Schedule::new(&self.study.devices, jobs, &workload);
        self.compute(&schedule, stop, shown)?;
        Ok(self.judge(&schedule, stop, shown))
    }

    fn compute(&self, schedule: &Schedule, stop: &Stop, shown: Shown<'_>) -> Result<()> {
        let pending = &self.prepared.pending;
        if pending.is_empty() {
            return Ok(());
        }
        let progress = match shown.quiet {
            true => Progress::hidden(pending.len()),
            false => Progress::new(shown.bars.clone(), pending.len()),
        };
        let ran = schedule.run(pending, self.set, self.results, &progress, stop);
        progress.finish();
        ran?;
        folder::still_there(self.results)
    }

    fn judge(&self, schedule: &Schedule, stop: &Stop, shown: Shown<'_>) -> Result<usize> {
        let hidden = MultiProgress::with_draw_target(ProgressDrawTarget::hidden());
        let pass = Pass {
            judges: &self.judges,
            labels: &self.labels,
            results: self.results,
            on: schedule.workers[0],
            stop,
            bars: if shown.quiet { &hidden } else { shown.bars },
        };
        pass.run(&self.cells).wrap_err("not every image was judged; the same command tries again")
    }
}
