use std::path::{Path, PathBuf, absolute};

use experiment::plan::Cell;
use indicatif::MultiProgress;
use judges::Judges;
use miette::{IntoDiagnostic, Result, WrapErr, bail, miette};
use model_sets::ModelSets;
use records::{ResultsFolder, counted, write_atomically};

use super::ExitStatus;
use crate::cli::{GlobalArgs, RunArgs, SubmitArgs};
use crate::devices::DeviceChoice;
use crate::logs::RunLog;
use crate::output;
use crate::preflight::check_folders;
use crate::run::CancellationToken;
use crate::session::{Ran, Session, With};
use crate::slurm::{Call, FOLDER, LOGS, Submitted, active_jobs, cancel, max_array_size, node_kinds, run};
use crate::study::{Models, Plans, Study};
use crate::submission::{Job, Left, Role, jobs};

/// Hands an experiment, or what is left of it, to Slurm.
pub(super) fn submit(
    mut args: SubmitArgs,
    sets: &ModelSets,
    global: &GlobalArgs,
    bars: &MultiProgress,
    log: &RunLog,
) -> Result<ExitStatus> {
    refuse_what_submit_decides(&args)?;
    args.plan.devices = Some(DeviceChoice::Cpu); // of this machine, which computes nothing
    let mut study = Study::read(&args.plan, sets)?;
    if let Models::Absent(error) = study.models {
        return Err(error);
    }
    let folder = args.out.clone().unwrap_or_else(|| PathBuf::from("results").join(&study.experiment.name));
    let folder = absolute(folder).into_diagnostic()?;
    let weights = absolute(&global.weights).into_diagnostic()?;
    study.keep_images_in(&folder);
    let (results, plans) = (ResultsFolder::at(&folder), study.plans()?);
    let left = if args.dry_run {
        check(&study, &plans, &results)?;
        Left::of(&study, &plans, &results, false)?
    } else {
        refuse_while_at_work(&folder)?;
        let unjudged = prepare(&study, &results, bars, log)?;
        let mut left = Left::of(&study, &plans, &results, true)?;
        if left.test.count() < unjudged {
            left.test.fill(); // whoever has nothing to judge ends at once
        }
        left
    };
    let jobs = jobs(&study.experiment.name, &args, (&folder, &weights), &left, max_array_size())?;
    if args.dry_run {
        show(&folder, &jobs);
        return Ok(ExitStatus::Done);
    }
    warn_of_kinds(&args.sbatch);
    let submitted = hand_over(&folder, &jobs, &results, &args.plan.only)?;
    if !global.quiet {
        output::say(&told(&folder, &left, &submitted));
    }
    Ok(ExitStatus::Done)
}

fn refuse_what_submit_decides(args: &SubmitArgs) -> Result<()> {
    if args.plan.shard.is_some() {
        bail!(
            help = "--tasks says how many shards there are",
            "submit shares the cells out itself: leave --shard out"
        );
    }
    if args.plan.devices.is_some() {
        bail!(
            help = "--gpus N asks for GPUs, else the CPU is used",
            "submit chooses the devices: leave --devices out"
        );
    }
    Ok(())
}

/// Checks all that a run checks before it begins, and writes nothing.
fn check(study: &Study<'_>, plans: &Plans, results: &ResultsFolder) -> Result<()> {
    let Models::Installed(set, identity) = &study.models else { return Ok(()) };
    let cells: Vec<&Cell> = study.selected(plans)?;
    study.preflight(&Judges::of(set, identity)?, &cells)?;
    check_folders(results, &cells, false)?;
    Ok(())
}

/// Has a run that computes nothing check everything, bring records to their places and write down
/// what there is to do, once for all shards. Returns the number of images to judge.
fn prepare(study: &Study<'_>, results: &ResultsFolder, bars: &MultiProgress, log: &RunLog) -> Result<usize> {
    let args = RunArgs { no_report: true, wait: Some(0), ..RunArgs::default() };
    let stop = CancellationToken::default();
    stop.cancel();
    let with = With { args: &args, stop: &stop, bars, quiet: true, log };
    match Session::open(study, results, with)?.run()? {
        Ran::Tested { judged, .. } => Ok(judged.unwrap_or(usize::MAX)),
        Ran::NotTuned(_) | Ran::Tuned => Ok(0),
    }
}

fn refuse_while_at_work(folder: &Path) -> Result<()> {
    let Some(submitted) = Submitted::read(folder)? else { return Ok(()) };
    let active = active_jobs()?;
    let ids = submitted.ids().into_iter().filter(|id| active.iter().any(|(active, _)| active == id));
    let ids: Vec<String> = ids.map(|id| id.to_string()).collect();
    if ids.is_empty() {
        return Ok(());
    }
    let (folder, ids) = (printable::path(folder), ids.join(" "));
    bail!(
        help = format!(
            "wait for them (`runner status {folder}` tells how far they are), or end them: scancel {ids}"
        ),
        "jobs of an earlier submission of `{folder}` are queued or running: {ids}"
    )
}

fn warn_of_kinds(options: &[String]) {
    let chosen = ["--constraint", "-C", "--nodelist", "-w", "--partition", "-p"];
    if options.iter().any(|option| chosen.iter().any(|chosen| option.starts_with(chosen))) {
        return;
    }
    let kinds = node_kinds();
    if 1 < kinds.len() {
        tracing::warn!(
            kinds = kinds.join(" | "),
            "nodes are of several kinds, which round differently: choose one with -- --constraint=FEATURE"
        );
    }
}

/// Prints scripts and commands.
fn show(folder: &Path, jobs: &[Job]) {
    for job in jobs {
        output::print(&format!("# {FOLDER}/{}\n{}", job.file, job.script));
    }
    let mut before: Option<String> = None;
    for job in jobs {
        output::print(&job.call(&path_of(folder, job), before.as_deref()).line());
        before = Some(format!("ID-OF-{}", job.file));
    }
}

fn path_of(folder: &Path, job: &Job) -> String {
    folder.join(FOLDER).join(job.file).display().to_string()
}

/// Writes the scripts, and hands them to Slurm one after the other: all of them, or none.
fn hand_over(folder: &Path, jobs: &[Job], results: &ResultsFolder, only: &[String]) -> Result<Submitted> {
    std::fs::create_dir_all(folder.join(LOGS)).into_diagnostic()?;
    let revision = results.environment().ok().flatten().and_then(|environment| environment.git_revision);
    let mut submitted = Submitted { revision, only: only.to_vec(), ..Submitted::default() };
    let mut before: Option<String> = None;
    for job in jobs {
        let path = path_of(folder, job);
        write_atomically(Path::new(&path), job.script.as_bytes()).into_diagnostic()?;
        let id = match run(&job.call(&path, before.as_deref())).and_then(|said| id_in(&said)) {
            Ok(id) => id,
            Err(error) => {
                cancel(&submitted.ids());
                return Err(error.wrap_err("nothing was submitted"));
            }
        };
        note(&mut submitted, job, id);
        before = Some(id.to_string());
    }
    submitted.write(folder).wrap_err("the jobs run, but what was submitted could not be recorded")?;
    Ok(submitted)
}

fn note(submitted: &mut Submitted, job: &Job, id: u64) {
    let jobs = &mut submitted.jobs;
    match job.role {
        Role::Tuning => (jobs.tuning, submitted.tuning_tasks) = (Some(id), job.tasks),
        Role::Choose => jobs.choose = Some(id),
        Role::Array => (jobs.array, submitted.tasks) = (Some(id), job.tasks.unwrap_or_default()),
        Role::Report => jobs.report = Some(id),
    }
}

/// The id in what `sbatch --parsable` prints: `ID` or `ID;CLUSTER`.
fn id_in(said: &str) -> Result<u64> {
    let id = said.trim().split(';').next().and_then(|id| id.parse().ok());
    id.ok_or_else(|| miette!("sbatch printed no id of a job, but `{}`", printable::text(said.trim())))
}

fn told(folder: &Path, left: &Left, submitted: &Submitted) -> String {
    let mut said = Vec::new();
    if let (Some(tuning), Some(id)) = (&left.tuning, submitted.jobs.tuning) {
        said.push(format!("{} of the tuning to go, job {id}", counted(tuning.count(), "cell")));
    }
    said.extend(submitted.jobs.choose.map(|id| format!("the choice, job {id}")));
    if let Some(id) = submitted.jobs.array {
        let shards = counted(submitted.tasks, "shard");
        said.push(format!("{} to go in {shards}, job {id}", counted(left.test.count(), "cell")));
    }
    said.extend(submitted.jobs.report.map(|id| format!("the report, job {id}")));
    let ids = submitted.ids().iter().map(u64::to_string).collect::<Vec<_>>().join(" ");
    let status = Call(vec!["runner".into(), "status".into(), printable::path(folder)]);
    format!(
        "submitted: {}\n`{}` tells how far it is; `scancel {ids}` ends it, and the same command goes on",
        said.join("; "),
        status.line()
    )
}
