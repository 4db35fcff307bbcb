//! A run of an experiment's cells into a results folder, from its first record to its last image
//! judged.

mod environment;
mod folder;
mod stage;
mod trials;
mod tune;

use std::cell::OnceCell;

use experiment::plan::{Cell, Plan};
use indicatif::{MultiProgress, ProgressDrawTarget};
use judges::{Judges, Labels};
use miette::{IntoDiagnostic, Result, WrapErr, bail, miette};
use model_sets::{Identity, ModelSet};
use records::{FileDigests, PlanRecord, ResultsFolder};

use self::stage::{Begun, Stage};
pub use self::tune::NotTuned;
use self::tune::Tuned;
use crate::cli::RunArgs;
use crate::logs::RunLog;
use crate::output;
use crate::preflight::{Versions, check_folders};
use crate::run::{CancellationToken, FolderLock, JudgingStage, LockError, Schedule};
use crate::study::{Models, Study};

/// A run: everything has been checked, and the results folder is its own.
pub struct Session<'s> {
    study: &'s Study<'s>,
    set: &'s ModelSet,
    identity: &'s Identity,
    judges: Judges<'s>,
    labels: Labels,
    /// Versions of what optimizers in Python are made of.
    python: Versions,
    results: &'s ResultsFolder,
    with: With<'s>,
    /// Digests of what was written before the first cell, once it was.
    files: OnceCell<FileDigests>,
    _lock: FolderLock,
}

/// What a run is made with besides a study.
#[derive(Clone, Copy)]
pub struct With<'w> {
    /// What the command line says of runs alone.
    pub args: &'w RunArgs,
    /// The token that cancels it.
    pub stop: &'w CancellationToken,
    /// The bars of the terminal.
    pub bars: &'w MultiProgress,
    /// True if nothing is to be shown.
    pub quiet: bool,
    /// What is logged, which the results folder keeps.
    pub log: &'w RunLog,
}

/// What a run came to.
pub enum Ran {
    /// Its cells were computed, as far as the run was not canceled.
    Tested {
        /// The cells that were selected.
        cells: Vec<Cell>,
        /// How many final images are still to be judged, which is none unless cancellation was
        /// requested; an error where one could not be judged.
        judged: Result<usize>,
    },
    /// This share of the tuning has ended, and no more was asked for.
    Tuned,
    /// No settings were chosen that could be tested.
    NotTuned(NotTuned),
}

impl<'s> Session<'s> {
    /// Checks everything, and takes the results folder.
    ///
    /// # Errors
    /// When the experiment cannot be run, or another run has the folder.
    pub fn open(study: &'s Study<'s>, results: &'s ResultsFolder, with: With<'s>) -> Result<Self> {
        let Models::Installed(set, identity) = &study.models else {
            return Err(miette!("no model set is installed"));
        };
        let judges = Judges::of(set, identity)?;
        let plans = study.plans()?;
        let cells = study.selected(&plans)?;
        let (labels, python) = study.preflight(&judges, &cells)?;
        check_folders(results, &cells, with.args.tensorboard)?;
        let _lock = lock(study, results, with)?;
        results.remove_leftovers();
        Ok(Self {
            study,
            set,
            identity,
            judges,
            labels,
            python,
            results,
            with,
            files: OnceCell::new(),
            _lock,
        })
    }

    /// Chooses settings that are to be chosen, then computes the cells that have not ended and has
    /// the images of all judged.
    ///
    /// # Errors
    /// When the folder holds what a run must not go on from, models cannot be loaded, or the folder
    /// has been removed.
    pub fn run(&self) -> Result<Ran> {
        let stops_here = self.with.args.tuning_only;
        let (tested, trials) = match self.tune()? {
            Some(Tuned::Not(NotTuned::Waiting) | Tuned::Frozen { .. }) if stops_here => {
                return Ok(Ran::Tuned);
            }
            None if stops_here => bail!(
                help = "leave --tuning-only out",
                "no setting of this experiment is a range to be tuned"
            ),
            Some(Tuned::Not(why)) => return Ok(Ran::NotTuned(why)),
            Some(Tuned::Frozen { tested, cells }) => (Some(tested), cells),
            None => (None, Vec::new()),
        };
        let experiment = tested.as_deref().unwrap_or(&self.study.experiment);
        let plan = Plan::new(experiment, self.identity)?;
        let rounding =
            experiment.rounding().map(|repeated| Plan::new(&repeated, self.identity)).transpose()?;
        let cells = self.study.select(&plan)?;
        let repeated = self.study.select_repeated(rounding.as_ref())?;
        let others = rounding.iter().flat_map(|plan| &plan.cells);
        let all: Vec<Cell> = plan.cells.iter().chain(others).cloned().chain(trials).collect();
        let begun = self.begin(&all, &cells, Stage::Test, self.with.args.fresh)?;
        let record = PlanRecord { files: self.files()?, ..plan.record.clone() };
        self.results.write_plan(&record).into_diagnostic()?;
        self.results.write_rounding(rounding.as_ref().map(|plan| &plan.record)).into_diagnostic()?;
        for absent in self.judges.absent() {
            tracing::warn!("{absent}: its part of the report is left out");
        }
        let judged = self.test(&cells, begun)?;
        if !repeated.is_empty() && !self.with.stop.is_canceled() {
            let begun = self.begin(&all, &repeated, Stage::Rounding, self.with.args.fresh)?;
            self.compute(&repeated, begun)?;
        }
        Ok(Ran::Tested { cells: cells.into_iter().chain(repeated).cloned().collect(), judged })
    }

    fn test(&self, cells: &[&Cell], begun: Begun<'_>) -> Result<Result<usize>> {
        match self.compute(cells, begun)? {
            Some(schedule) => Ok(self.judge(cells, &schedule)),
            None => Ok(Ok(0)),
        }
    }

    fn judge(&self, cells: &[&Cell], schedule: &Schedule) -> Result<usize> {
        let hidden = MultiProgress::with_draw_target(ProgressDrawTarget::hidden());
        let pass = JudgingStage {
            judges: &self.judges,
            labels: &self.labels,
            results: self.results,
            on: schedule.workers[0],
            stop: self.with.stop,
            bars: if self.with.quiet { &hidden } else { self.with.bars },
        };
        pass.run(cells).wrap_err("not every image was judged; the same command tries again")
    }

    /// Says a line on the terminal and in the log.
    fn say(&self, line: &str) {
        tracing::debug!("{line}");
        if !self.with.quiet {
            output::say(line);
        }
    }
}

/// The lock of the folder or of the shard, waited for as long as the command line allows.
fn lock(study: &Study<'_>, results: &ResultsFolder, with: With<'_>) -> Result<FolderLock> {
    let waiting = |taken: &LockError| {
        if !with.quiet {
            output::say(&format!("{taken}: waiting for it"));
        }
    };
    let (longest, stopped) = (with.args.longest_wait(), || with.stop.is_canceled());
    Ok(FolderLock::wait(results.path(), study.shard(), longest, waiting, stopped)?)
}
