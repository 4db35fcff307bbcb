use std::path::PathBuf;

use experiment::plan::Cell;
use indicatif::MultiProgress;
use miette::{IntoDiagnostic, Result, WrapErr};
use model_sets::ModelSets;
use records::ResultsFolder;

use super::{ExitStatus, report};
use crate::cli::{GlobalArgs, PlanArgs, RunArgs};
use crate::logs::RunLog;
use crate::output;
use crate::run::{CancellationToken, StatusCounts};
use crate::session::{NotTuned, Ran, Session, With};
use crate::study::{Models, Study};

/// Runs an experiment, or goes on with it.
pub(super) fn run(
    plan_args: &PlanArgs,
    args: &RunArgs,
    sets: &ModelSets,
    global: &GlobalArgs,
    bars: &MultiProgress,
    log: &RunLog,
) -> Result<ExitStatus> {
    tch::set_num_interop_threads(1); // nothing here forks; the pool would only take cores
    let mut study = Study::read(plan_args, sets)?;
    if let Models::Absent(error) = study.models {
        return Err(error);
    }
    let folder = args.out.clone().unwrap_or_else(|| PathBuf::from("results").join(&study.experiment.name));
    study.keep_images_in(&folder);
    let (results, stop) = (ResultsFolder::at(&folder), CancellationToken::default());
    let with = With { args, stop: &stop, bars, quiet: global.quiet, log };
    let session = Session::open(&study, &results, with)?;
    stop_on_signals(&stop)?;
    match session.run()? {
        Ran::NotTuned(NotTuned::Stopped) => Ok(ExitStatus::Interrupted),
        Ran::NotTuned(NotTuned::Failed) => Ok(ExitStatus::SomeFailed),
        Ran::NotTuned(NotTuned::Waiting) => Ok(ExitStatus::Waiting),
        Ran::Tested { cells, judged } => {
            let unjudged = *judged.as_ref().unwrap_or(&0);
            let cells: Vec<&Cell> = cells.iter().collect();
            let ending = conclude(&results, &cells, &stop, unjudged, args.tensorboard, global.quiet);
            judged?;
            ending
        }
    }
}

/// The first Ctrl-C (or SIGTERM, as batch systems send it) requests cancellation, the second is
/// obeyed at once.
fn stop_on_signals(stop: &CancellationToken) -> Result<()> {
    let stop = stop.clone();
    ctrlc::set_handler(move || {
        if stop.cancel() {
            leave_at_once();
        }
        output::say("stopping: saving what has been computed (again to leave at once)");
    })
    .into_diagnostic()
    .wrap_err("the program cannot be made to listen to Ctrl-C")
}

/// Without tidying up: libtorch's own end would pull the ground from under threads that still
/// compute.
fn leave_at_once() -> ! {
    torch_ext::exit_at_once(ExitStatus::Interrupted.code())
}

/// `unjudged`: final images that the judges did not come to look at.
fn conclude(
    results: &ResultsFolder,
    cells: &[&Cell],
    stop: &CancellationToken,
    unjudged: usize,
    tensorboard: bool,
    quiet: bool,
) -> Result<ExitStatus> {
    let counts = StatusCounts::of(results, cells);
    if stop.is_canceled() && counts.left + unjudged > 0 {
        let message = match counts.left {
            0 => {
                let images = records::counted(unjudged, "image");
                format!("stopped with {images} to judge; the same command goes on from here")
            }
            left => {
                let cells = records::counted(left, "cell");
                format!("stopped with {cells} to go; the same command goes on from here")
            }
        };
        tracing::debug!("{message}");
        if !quiet {
            output::say(&message);
        }
        return Ok(ExitStatus::Interrupted);
    }
    let reported = report::report(results.path(), tensorboard, quiet)?;
    // Cells are left where not even their failure could be recorded.
    let all_finished = counts.failed + counts.diverged + counts.left == 0;
    Ok(if all_finished { reported } else { ExitStatus::SomeFailed })
}
