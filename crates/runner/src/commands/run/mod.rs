//! Running an experiment, or going on with it: everything is read and checked, then come the stages.

mod record;
mod signals;
mod stage;
mod tune;
mod words;

use std::cell::OnceCell;
use std::path::PathBuf;

use experiment::plan::{Cell, Plan};
use experiment::{Experiment, PromptImage};
use indicatif::{MultiProgress, ProgressDrawTarget};
use judges::{Judges, Labels};
use miette::{IntoDiagnostic, Result, WrapErr, bail};
use model_sets::{Identity, ModelSet, ModelSets};
use records::{FileDigests, PlanRecord, PublishedTable, ResultsFolder, counted};
use tch::Device;

use self::stage::Stage;
use self::tune::Tuned;
use super::study::{self, Study};
use super::{Ending, report};
use crate::cli::{GlobalArgs, PlanArgs, RunArgs};
use crate::logs::RunLog;
use crate::models::Workload;
use crate::output;
use crate::preflight::check_folders;
use crate::run::{FolderLock, Pass, Schedule, Stop, Tally};

/// What the stages of a run share.
struct Run<'r> {
    /// The experiment with the model set's settings, its images those of the results folder.
    experiment: &'r Experiment,
    set: &'r ModelSet,
    identity: &'r Identity,
    judges: &'r Judges<'r>,
    labels: &'r Labels,
    devices: &'r [Device],
    results: ResultsFolder,
    plan_args: &'r PlanArgs,
    args: &'r RunArgs,
    quiet: bool,
    bars: &'r MultiProgress,
    stop: Stop,
    images: &'r [PromptImage],
    published: Option<&'r PublishedTable>,
    log: &'r RunLog,
    /// The digests of what was written before the first cell, once it was.
    files: OnceCell<FileDigests>,
}

/// Runs an experiment, or goes on with it.
pub(super) fn run(
    plan_args: &PlanArgs,
    args: &RunArgs,
    sets: &ModelSets,
    global: &GlobalArgs,
    bars: &MultiProgress,
    log: &RunLog,
) -> Result<Ending> {
    tch::set_num_interop_threads(1); // nothing here forks; the pool would only take cores
    let Study { stated, mut experiment, published, devices, models, images } = Study::read(plan_args, sets)?;
    let (set, identity) = models?;
    let judges = Judges::of(&set, &identity)?;
    let folder = args.out.clone().unwrap_or_else(|| PathBuf::from("results").join(&experiment.name));
    for image in &images {
        experiment.prompts[image.prompt].image = Some(folder.join(image.kept())); // the one that nobody changes
    }
    let plans = study::Plans::of(&experiment, &identity)?;
    let cells = plans.selected(plan_args)?;
    let labels = study::preflight(&stated, plan_args, &judges, &cells, &devices)?;

    let results = ResultsFolder::at(&folder);
    check_folders(&results, &cells, args.tensorboard)?;
    let _lock = FolderLock::take(&folder, plan_args.shard)?;
    results.remove_leftovers();
    let hidden = MultiProgress::with_draw_target(ProgressDrawTarget::hidden());
    let run = Run {
        experiment: &experiment,
        set: &set,
        identity: &identity,
        judges: &judges,
        labels: &labels,
        devices: &devices,
        results,
        plan_args,
        args,
        quiet: global.quiet,
        bars: if global.quiet { &hidden } else { bars },
        stop: Stop::default(),
        images: &images,
        published: published.as_ref(),
        log,
        files: OnceCell::new(),
    };
    signals::stop_on_signals(&run.stop)?;
    run.all()
}

impl Run<'_> {
    /// The stages, one after the other.
    fn all(&self) -> Result<Ending> {
        let tuned;
        let (experiment, trials) = match self.tune()? {
            None => (self.experiment, Vec::new()),
            Some(Tuned::Not(ending)) => return Ok(ending),
            Some(Tuned::Frozen { tested, cells }) => {
                tuned = tested;
                (&*tuned, cells)
            }
        };
        let plan = Plan::new(experiment, self.identity)?;
        let cells = study::select(&plan, self.plan_args)?;
        let all: Vec<Cell> = plan.cells.iter().cloned().chain(trials).collect();
        let begun = self.begin(&all, &cells, Stage::Test, self.args.fresh)?;
        let record = PlanRecord { files: self.files()?, ..plan.record.clone() };
        self.results.write_plan(&record).into_diagnostic()?;
        for absent in self.judges.absent() {
            tracing::warn!("{absent}: its part of the report is left out");
        }
        self.test(&cells, begun)
    }

    /// Computes and judges the cells of the test, and makes the report.
    fn test(&self, cells: &[&Cell], begun: stage::Begun<'_>) -> Result<Ending> {
        let Some(schedule) = self.compute(cells, begun)? else {
            return self.conclude(cells, 0);
        };
        let Self { judges, labels, results, stop, bars, .. } = self;
        let pass = Pass { judges, labels, results, on: schedule.workers[0], stop, bars };
        let judged = pass.run(cells);
        let ending = self.conclude(cells, *judged.as_ref().unwrap_or(&0));
        judged.wrap_err("not every image was judged; the same command tries again")?;
        ending
    }

    /// `unjudged`: final images that the judges did not come to look at.
    fn conclude(&self, cells: &[&Cell], unjudged: usize) -> Result<Ending> {
        let tally = Tally::of(&self.results, cells);
        if self.stop.is_wished() && tally.left + unjudged > 0 {
            let what = match tally.left {
                0 => format!("{} to judge", counted(unjudged, "image")),
                left => format!("{} to go", counted(left, "cell")),
            };
            self.say(&format!("stopped with {what}; the same command goes on from here"));
            return Ok(Ending::Interrupted);
        }
        let reported = report::report(self.results.path(), self.args.tensorboard, self.quiet)?;
        // Cells are left where not even their failure could be recorded.
        let all_finished = tally.failed + tally.diverged + tally.left == 0;
        Ok(if all_finished { reported } else { Ending::SomeFailed })
    }

    fn say(&self, line: &str) {
        tracing::debug!("{line}");
        if !self.quiet {
            output::say(line);
        }
    }

    /// Who computes these cells.
    fn schedule(&self, cells: &[&Cell]) -> Result<Option<Schedule>> {
        let Some(first) = cells.first() else { return Ok(None) };
        let workload = Workload::of_set(self.set, &first.dream)?;
        Ok(Some(Schedule::new(self.devices, self.plan_args.jobs.map(usize::from), &workload)))
    }

    /// Fails where the results folder has been removed while its cells were computed.
    fn still_there(&self) -> Result<()> {
        if self.results.is_there() {
            return Ok(());
        }
        bail!(
            help = "the same command computes it anew",
            "the results folder `{}` was removed while its cells were computed: they are lost",
            self.results.path().display()
        )
    }
}
