use std::path::PathBuf;

use experiment::plan::Cell;
use indicatif::MultiProgress;
use miette::Result;
use model_sets::ModelSets;
use records::ResultsFolder;

use super::{ExitStatus, report};
use crate::cli::{GlobalArgs, PlanArgs, RunArgs};
use crate::logs::RunLog;
use crate::output;
use crate::run::{CancellationToken, StatusCounts};
use crate::session::{NotTuned, Ran, Session, With};
use crate::signals::cancel_on_signals;
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
    cancel_on_signals(&stop)?;
    let session = match Session::open(&study, &results, with) {
        Err(_) if stop.is_canceled() => return Ok(ExitStatus::Interrupted),
        opened => opened?,
    };
    match session.run()? {
        Ran::Tuned => Ok(ExitStatus::Done),
        Ran::NotTuned(NotTuned::Stopped) => Ok(ExitStatus::Interrupted),
        Ran::NotTuned(NotTuned::Failed) => Ok(ExitStatus::SomeFailed),
        Ran::NotTuned(NotTuned::Waiting) => Ok(ExitStatus::Waiting),
        Ran::Tested { cells, judged } => {
            let unjudged = *judged.as_ref().unwrap_or(&0);
            let cells: Vec<&Cell> = cells.iter().collect();
            let ending = conclude(&results, &cells, &stop, unjudged, args, global.quiet);
            judged?;
            ending
        }
    }
}

/// `unjudged`: final images that the judges did not come to look at.
fn conclude(
    results: &ResultsFolder,
    cells: &[&Cell],
    stop: &CancellationToken,
    unjudged: usize,
    args: &RunArgs,
    quiet: bool,
) -> Result<ExitStatus> {
    let counts = StatusCounts::of(results, cells);
    if stop.is_canceled() && counts.left + unjudged > 0 {
        let message = match counts.left {
            0 => {
                let images = records::counted(unjudged, "image");
                format!("stopped with {images} to judge; the same command resumes from here")
            }
            left => {
                let cells = records::counted(left, "cell");
                format!("stopped with {cells} to go; the same command resumes from here")
            }
        };
        tracing::debug!("{message}");
        if !quiet {
            output::say(&message);
        }
        return Ok(ExitStatus::Interrupted);
    }
    if args.no_report {
        let ended = counts.failed + counts.left == 0;
        return Ok(if ended { ExitStatus::Done } else { ExitStatus::SomeFailed });
    }
    let reported = report::report(results.path(), args.tensorboard, quiet)?;
    // Cells are left where not even their failure could be recorded.
    let all_finished = counts.failed + counts.diverged + counts.left == 0;
    Ok(if all_finished { reported } else { ExitStatus::SomeFailed })
}
