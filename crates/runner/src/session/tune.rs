//! The tuning: trials are computed, the best are chosen and frozen.

use std::fs;
use std::io;

use experiment::Experiment;
use experiment::plan::{Cell, Plan, Selection};
use experiment::tuning::choose;
use miette::{IntoDiagnostic, Result, WrapErr, bail};
use records::{PlanRecord, TunedOptimizer, TunedRecord, counted, spelled};

use super::Session;
use super::stage::Stage;
use super::trials::UnderWay;
use crate::run::StatusCounts;

/// How a tuning ended.
pub(super) enum Tuned {
    /// The settings are chosen.
    Frozen {
        /// The experiment that tests them.
        tested: Box<Experiment>,
        /// All cells of the tuning.
        cells: Vec<Cell>,
    },
    /// They are not.
    Not(NotTuned),
}

/// Why settings were not chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotTuned {
    /// The run was canceled.
    Stopped,
    /// Cells failed that the choice needs.
    Failed,
    /// Other shards have cells to compute.
    Waiting,
}

impl Session<'_> {
    /// Computes trials until the settings can be chosen, and freezes the choice. `None` where
    /// nothing is tuned. What comes next depends on the records alone: wherever a run was stopped,
    /// this goes on.
    pub(super) fn tune(&self) -> Result<Option<Tuned>> {
        let Some(tuning) = &self.study.experiment.tuning else { return Ok(None) };
        let mut state = UnderWay::new(&self.study.experiment, self.identity, tuning, tuning.first_trials())?;
        let inputs = state.inputs();
        let frozen = self.frozen(&inputs)?;
        if frozen.is_none() {
            self.refuse_only()?;
        }
        let mut fresh = self.with.args.fresh;
        loop {
            if let Some(ending) = self.compute_trials(&state, frozen.is_some(), fresh)? {
                return Ok(Some(Tuned::Not(ending)));
            }
            fresh = false;
            let reached = state.reached(self.results)?;
            let scores = state.scores(&reached)?;
            let choices = choose(&state.trials, &scores);
            let more = tuning.extension(&self.study.experiment, &state.trials, &choices);
            if more.is_empty() {
                let record = state.record(&self.study.experiment, inputs, &reached, (&scores, &choices));
                self.freeze(frozen, &record)?;
                let tested = tuning.tested(&self.study.experiment, &state.trials, &choices);
                return Ok(Some(Tuned::Frozen { tested: Box::new(tested), cells: state.plan.cells }));
            }
            let trials = state.trials.iter().cloned().chain(more).collect();
            state = UnderWay::new(&self.study.experiment, self.identity, tuning, trials)?;
        }
    }

    /// What was chosen before, unless it is to be chosen anew.
    fn frozen(&self, inputs: &str) -> Result<Option<TunedRecord>> {
        if self.with.args.fresh {
            let path = self.results.tuned_path();
            return match fs::remove_file(&path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error)
                    .into_diagnostic()
                    .wrap_err_with(|| format!("failed to remove `{}`", path.display())),
                _ => Ok(None),
            };
        }
        let frozen = self.results.tuned().into_diagnostic()?;
        if frozen.as_ref().is_some_and(|frozen| frozen.plan != inputs) {
            bail!(
                help = "--fresh tunes and tests anew; --out with another folder keeps what was tuned",
                "what is to be tuned has changed since `{}` was written: models, prompts, labels, seeds, ranges or settings",
                self.results.tuned_path().display()
            );
        }
        Ok(frozen)
    }

    fn refuse_only(&self) -> Result<()> {
        if !self.study.selects() {
            return Ok(());
        }
        bail!(
            help = "run it without --only until `tuned.toml` is written; --shard parts the tuning among machines",
            "--only selects cells of the test, and the settings that it tests have not been chosen yet"
        )
    }

    /// Writes what will be tuned, and a plan of the test without cells: which will be tested is not
    /// known yet.
    fn announce(&self, state: &UnderWay<'_>, frozen: bool) -> Result<()> {
        let files = self.files()?;
        self.results.write_tuning(&state.plan.record).into_diagnostic()?;
        if frozen {
            return Ok(());
        }
        let plan = Plan::new(&self.study.experiment, self.identity)?;
        let record = PlanRecord { cells: Vec::new(), files, ..plan.record };
        self.results.write_plan(&record).into_diagnostic()
    }

    /// Computes the trials' cells, or this shard's. Returns why not, if they have not all ended.
    fn compute_trials(&self, state: &UnderWay<'_>, frozen: bool, fresh: bool) -> Result<Option<NotTuned>> {
        let all: Vec<&Cell> = state.plan.cells.iter().collect();
        let selection = Selection { only: Vec::new(), shard: self.study.shard() };
        let cells = selection.of(&state.plan.cells)?;
        let stage = if frozen { Stage::Tuned } else { Stage::Tuning };
        let begun = self.begin(&state.plan.cells, &cells, stage, fresh)?;
        self.announce(state, frozen)?;
        self.compute(&cells, begun)?;
        let own = StatusCounts::of(self.results, &cells);
        if self.with.stop.is_canceled() && 0 < own.left {
            let left = counted(own.left, "cell");
            self.say(&format!("stopped with {left} of the tuning to go; the same command resumes from here"));
            return Ok(Some(NotTuned::Stopped));
        }
        if 0 < own.failed + own.left {
            let failed = counted(own.failed + own.left, "cell");
            self.say(&format!(
                "{failed} of the tuning failed, so nothing was chosen; the same command tries again"
            ));
            return Ok(Some(NotTuned::Failed));
        }
        let others = self.unended(&all);
        if 0 < others {
            self.say(&format!(
                "the tuning waits for {} of other shards; once they have ended, the same command continues",
                counted(others, "cell")
            ));
            return Ok(Some(NotTuned::Waiting));
        }
        Ok(None)
    }

    fn unended(&self, cells: &[&Cell]) -> usize {
        let counts = StatusCounts::of(self.results, cells);
        counts.left + counts.failed
    }

    /// Writes what was chosen, once; later runs have to choose the same.
    fn freeze(&self, frozen: Option<TunedRecord>, record: &TunedRecord) -> Result<()> {
        match frozen {
            Some(frozen) if frozen == *record => Ok(()),
            Some(frozen) => {
                let changed =
                    changed(&frozen, record).unwrap_or_else(|| "its records have changed".to_owned());
                bail!(
                    help = "--fresh tunes and tests anew; --out with another folder keeps what was tuned",
                    "`{}` was frozen from other records: {changed}",
                    self.results.tuned_path().display()
                )
            }
            None => {
                self.results.write_tuned(record).into_diagnostic()?;
                let prompts = counted(record.prompts.len(), "prompt");
                self.say(&format!("tuned on {prompts}:\n{}", chosen(record)));
                Ok(())
            }
        }
    }
}

/// A line for every tuned optimizer.
fn chosen(record: &TunedRecord) -> String {
    let tuned = record.optimizers.iter().filter(|optimizer| !optimizer.chosen.is_empty());
    let line = |optimizer: &TunedOptimizer| {
        let values = spelled(&optimizer.chosen);
        let edge = match &optimizer.edge {
            Some(edge) => format!(", at the {edge} edge of what was tried"),
            None => String::new(),
        };
        format!("  {} {values} of {}{edge}", optimizer.optimizer, counted(optimizer.trials.len(), "trial"))
    };
    tuned.map(line).collect::<Vec<_>>().join("\n")
}

/// The first trial whose score is another.
fn changed(was: &TunedRecord, is: &TunedRecord) -> Option<String> {
    let trials = |record: &TunedRecord| -> Vec<(String, f64)> {
        let of = |optimizer: &TunedOptimizer| {
            let name = optimizer.optimizer.clone();
            let trials = optimizer.trials.iter();
            trials
                .map(move |trial| (format!("{name} {}", spelled(&trial.values)), trial.score))
                .collect::<Vec<_>>()
        };
        record.optimizers.iter().flat_map(of).collect()
    };
    let both = trials(was).into_iter().zip(trials(is));
    let other = |((name, was), (_, is)): ((String, f64), (String, f64))| {
        (was != is).then(|| format!("the score of {name} was {:.4}, is now {:.4}", 100.0 * was, 100.0 * is))
    };
    both.into_iter().find_map(other)
}
