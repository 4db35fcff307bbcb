use std::path::{Path, PathBuf};

use experiment::PromptImage;
use experiment::plan::{Cell, Plan};
use indicatif::{MultiProgress, ProgressDrawTarget};
use judges::Judges;
use miette::{IntoDiagnostic, Result, WrapErr, miette};
use model_sets::ModelSets;
use records::{LARGEST_RECORD, PUBLISHED, ResultsFolder, counted, read_regular, sha256, write_atomically};

use super::plan::name;
use super::{Ending, environment, report, study};
use crate::cli::{GlobalArgs, PlanArgs, RunArgs};
use crate::logs::RunLog;
use crate::models::Workload;
use crate::output;
use crate::preflight::check_folders;
use crate::run::{FolderLock, Pass, Prepared, Progress, Schedule, Stop, Tally, prepare};

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
    let experiment = study::read(plan_args)?;
    let published = study::published(&experiment, plan_args)?;
    let devices = plan_args.devices.clone().unwrap_or_default().resolve()?;
    let (set, identity) = study::models(&experiment, sets)?;
    let stated = experiment.clone();
    let mut experiment = study::suited(experiment, &set)?;
    let judges = Judges::of(&set, &identity)?;
    let images = study::images(&mut experiment, plan_args)?;
    let folder = args.out.clone().unwrap_or_else(|| PathBuf::from("results").join(&experiment.name));
    for image in &images {
        experiment.prompts[image.prompt].image = Some(folder.join(image.kept())); // the one that nobody changes
    }
    let plan = Plan::new(&experiment, &identity)?;
    let cells = study::select(&plan, plan_args)?;
    let labels = study::preflight(&stated, plan_args, &judges, &cells, &devices)?;

    let results = ResultsFolder::at(&folder);
    check_folders(&results, &cells, args.tensorboard)?;
    let _lock = FolderLock::take(&folder, plan_args.shard)?;
    results.remove_leftovers();
    let Prepared { pending, to_measure, moved, unused } =
        prepare(&results, &plan.cells, &cells, plan_args.shard, args.fresh)?;
    keep(&folder, &images)?;
    let resolved = study::resolved(&experiment, &images);
    write_atomically(&folder.join("experiment.toml"), resolved.as_bytes()).into_diagnostic()?;
    results.write_published(published.as_ref()).into_diagnostic()?;
    let mut record = plan.record.clone();
    record.files.insert("experiment.toml".to_owned(), sha256(resolved.as_bytes()));
    record.files.extend(published.map(|table| (PUBLISHED.to_owned(), sha256(table.text.as_bytes()))));
    results.write_plan(&record).into_diagnostic()?;
    results.write_environment(&environment::of(&identity, &judges, &devices)).into_diagnostic()?;
    log.write_to(&folder.join("run.log")).into_diagnostic().wrap_err("the log cannot be written")?;

    let devices_named = devices.iter().map(|&device| name(device)).collect::<Vec<_>>().join(", ");
    let measured = match to_measure {
        0 => String::new(),
        count => format!(", {count} to compare with other texts"),
    };
    let head = format!(
        "{}: {}, {} to compute{measured}, with the model set {} ({}) on {devices_named}",
        experiment.name,
        counted(cells.len(), "cell"),
        pending.len() - to_measure,
        set.manifest.name,
        set.manifest.about
    );
    for line in [moved_cells(moved), unused_cells(&folder, &unused), Some(head)].into_iter().flatten() {
        tracing::debug!("{line}");
        if !global.quiet {
            output::say(&line);
        }
    }
    for absent in judges.absent() {
        tracing::warn!("{absent}: its part of the report is left out");
    }
    let stop = Stop::default();
    stop_on_signals(&stop)?;
    let Some(first) = cells.first() else {
        return conclude(&results, &cells, &stop, 0, args.tensorboard, global.quiet);
    };
    let workload = Workload::of_set(&set, &first.dream)?;
    let schedule = Schedule::new(&devices, plan_args.jobs.map(usize::from), &workload);
    if !pending.is_empty() {
        let progress = match global.quiet {
            true => Progress::hidden(pending.len()),
            false => Progress::new(bars.clone(), pending.len()),
        };
        let ran = schedule.run(&pending, &set, &results, &progress, &stop);
        progress.finish();
        ran?;
        still_there(&results)?;
    }
    let on = schedule.workers[0];
    let hidden = MultiProgress::with_draw_target(ProgressDrawTarget::hidden());
    let bars = if global.quiet { &hidden } else { bars };
    let pass = Pass { judges: &judges, labels: &labels, results: &results, on, stop: &stop, bars };
    let judged = pass.run(&cells);
    let ending =
        conclude(&results, &cells, &stop, *judged.as_ref().unwrap_or(&0), args.tensorboard, global.quiet);
    judged.wrap_err("not every image was judged; the same command tries again")?;
    ending
}

/// Copies the images of prompts into the results folder, as far as they are not there.
fn keep(folder: &Path, images: &[PromptImage]) -> Result<()> {
    for image in images {
        let path = folder.join(image.kept());
        if !read_regular(&path, LARGEST_RECORD).is_ok_and(|bytes| bytes == image.bytes) {
            write_atomically(&path, &image.bytes).into_diagnostic()?;
        }
    }
    Ok(())
}

fn moved_cells(count: usize) -> Option<String> {
    let verb = if count == 1 { "is" } else { "are" };
    (count > 0).then(|| {
        format!("{} that {verb} called otherwise now: moved, not computed again", counted(count, "cell"))
    })
}

/// Says which cells lie in the folder and are no part of the experiment.
fn unused_cells(folder: &Path, places: &[String]) -> Option<String> {
    const NAMED: usize = 3;
    let named = places.iter().take(NAMED).map(String::as_str).collect::<Vec<_>>().join(", ");
    let more = match places.len().saturating_sub(NAMED) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let (count, folder) = (counted(places.len(), "cell"), folder.join("cells"));
    (!places.is_empty()).then(|| {
        format!("not in the experiment, and kept in `{}`: {count} ({named}{more})", folder.display())
    })
}

/// Fails where the results folder has been removed while its cells were computed.
fn still_there(results: &ResultsFolder) -> Result<()> {
    if results.is_there() {
        return Ok(());
    }
    Err(miette!(
        help = "the same command computes it anew",
        "the results folder `{}` was removed while its cells were computed: they are lost",
        results.path().display()
    ))
}

/// The first Ctrl-C (or SIGTERM, as batch systems send it) is a wish, the second is obeyed at once.
fn stop_on_signals(stop: &Stop) -> Result<()> {
    let stop = stop.clone();
    ctrlc::set_handler(move || {
        if stop.wish() {
            leave_at_once();
        }
        output::say("stopping: saving what has been computed (again to leave at once)");
    })
    .into_diagnostic()
    .wrap_err("the program cannot be made to listen to Ctrl-C")
}

/// Without tidying up: libtorch's own end would pull the ground from under threads that still compute.
fn leave_at_once() -> ! {
    torch_ext::exit_at_once(Ending::Interrupted.code())
}

/// `unjudged`: final images that the judges did not come to look at.
fn conclude(
    results: &ResultsFolder,
    cells: &[&Cell],
    stop: &Stop,
    unjudged: usize,
    tensorboard: bool,
    quiet: bool,
) -> Result<Ending> {
    let tally = Tally::of(results, cells);
    if stop.is_wished() && tally.left + unjudged > 0 {
        let message = match tally.left {
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
        return Ok(Ending::Interrupted);
    }
    let reported = report::report(results.path(), tensorboard, quiet)?;
    // Cells are left where not even their failure could be recorded.
    let all_finished = tally.failed + tally.diverged + tally.left == 0;
    Ok(if all_finished { reported } else { Ending::SomeFailed })
}
