use std::path::Path;

use miette::{Result, miette};
use optim_python::Interpreter;
use records::slug;

use super::left::{Left, Stage};
use crate::cli::SubmitArgs;
use crate::slurm::{Call, LOGS, Script, Work, indices};

/// The part of a job in a submission.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// An array that computes trials.
    Tuning,
    /// Computes what trials are added at the edges of ranges, and chooses.
    Choose,
    /// An array that computes the cells that test settings.
    Array,
    /// Makes the report.
    Report,
}

/// A job that can be handed to Slurm.
#[derive(Debug)]
pub(crate) struct Job {
    pub(crate) role: Role,
    /// The script's name in the folder of scripts.
    pub(crate) file: &'static str,
    pub(crate) script: String,
    /// The number of shards, of an array.
    pub(crate) tasks: Option<usize>,
    /// The array's elements, as sbatch takes them.
    array: Option<String>,
    output: String,
    options: Vec<String>,
}

/// The jobs that do what is left, in their order: each is to begin once the one before has ended,
/// however it did. Only the report where nothing is left.
///
/// # Errors
/// When a path is no text.
pub(crate) fn jobs(
    name: &str,
    args: &SubmitArgs,
    (results, weights): (&Path, &Path),
    left: &Left,
    most: usize,
) -> Result<Vec<Job>> {
    let builder = Builder { name: slug(name), args, results: text(results)?, weights: text(weights)?, most };
    let mut jobs = Vec::new();
    if let Some(tuning) = &left.tuning {
        jobs.extend(builder.array(Role::Tuning, tuning)?);
        jobs.push(builder.job(Role::Choose, Work::Whole)?);
    }
    jobs.extend(builder.array(Role::Array, &left.test)?);
    jobs.push(builder.job(Role::Report, Work::Report)?);
    Ok(jobs)
}

struct Builder<'b> {
    name: String,
    args: &'b SubmitArgs,
    results: &'b str,
    weights: &'b str,
    most: usize,
}

impl Builder<'_> {
    /// The array that computes a stage; none where nothing of it is left.
    fn array(&self, role: Role, stage: &Stage) -> Result<Option<Job>> {
        let tasks = (self.args.tasks as usize).min(stage.most_shards()).min(self.most).max(1);
        let shards = stage.shards(tasks);
        if shards.is_empty() {
            return Ok(None);
        }
        let job = self.job(role, Work::Shard { of: tasks })?;
        let array = indices(&shards, self.args.at_once.map(|at_once| at_once as usize));
        Ok(Some(Job { array: Some(array), tasks: Some(tasks), ..job }))
    }

    fn job(&self, role: Role, work: Work) -> Result<Job> {
        let (file, output) = match role {
            Role::Tuning => ("tuning.sh", "%A_%a.out"),
            Role::Choose => ("choose.sh", "choose-%j.out"),
            Role::Array => ("job.sh", "%A_%a.out"),
            Role::Report => ("report.sh", "report-%j.out"),
        };
        let script = Script {
            name: self.name.clone(),
            work,
            program: self.program(role)?,
            time: &self.args.time,
            cpus: self.args.cpus,
            memory: &self.args.mem,
            gpus: self.args.gpus.filter(|_| role != Role::Report),
            setup: self.args.setup.as_deref(),
        };
        let folder = self.results.replace('%', "%%"); // which Slurm replaces
        Ok(Job {
            role,
            file,
            script: script.text(),
            tasks: None,
            array: None,
            output: format!("{folder}/{LOGS}/{output}"),
            options: self.args.sbatch.clone(),
        })
    }

    fn program(&self, role: Role) -> Result<Call> {
        let program = std::env::current_exe().map_err(|error| miette!("the program has no path: {error}"))?;
        let mut words = vec![text(&program)?];
        if role == Role::Report {
            words.extend(["report", self.results]);
            return Ok(Call(words.into_iter().map(str::to_owned).collect()));
        }
        let experiment = format!("{}/experiment.toml", self.results);
        words.extend([&experiment, "--out", self.results, "--weights", self.weights]);
        words.extend(self.args.plan.only.iter().flat_map(|only| ["--only", only]));
        let jobs = self.args.plan.jobs.map(|jobs| jobs.to_string());
        words.extend(jobs.iter().flat_map(|jobs| ["--jobs", jobs]));
        let python = self.python()?;
        words.extend(python.iter().map(String::as_str));
        words.extend(["--devices", if self.args.gpus.is_some() { "cuda" } else { "cpu" }, "--no-report"]);
        words.extend((matches!(role, Role::Tuning | Role::Choose)).then_some("--tuning-only"));
        Ok(Call(words.into_iter().map(str::to_owned).collect()))
    }

    /// The Python for optimizers that are in it, as far as the command line says. A job finds
    /// `DREAMBENCH_PYTHON` by itself.
    fn python(&self) -> Result<Vec<String>> {
        let plan = &self.args.plan;
        let usual = Interpreter::default();
        let mut words = Vec::new();
        if let Some(python) = &plan.python {
            words.extend(["--python".to_owned(), text(Path::new(python))?.to_owned()]);
        }
        let asked = plan.interpreter();
        if asked.limit != usual.limit {
            words.extend(["--python-limit".to_owned(), plan.python_limit.to_string()]);
        }
        if asked.memory != usual.memory {
            words.extend(["--python-memory".to_owned(), plan.python_memory.to_string()]);
        }
        Ok(words)
    }
}

impl Job {
    /// The call that hands the script at `path` to Slurm, to begin once the job `after` has ended.
    pub(crate) fn call(&self, path: &str, after: Option<&str>) -> Call {
        let mut words =
            vec!["sbatch".to_owned(), "--parsable".to_owned(), format!("--output={}", self.output)];
        words.extend(self.array.as_ref().map(|array| format!("--array={array}")));
        words.extend(after.map(|after| format!("--dependency=afterany:{after}")));
        words.extend(self.options.iter().cloned());
        words.push(path.to_owned());
        Call(words)
    }
}

/// A path as a script can name it.
fn text(path: &Path) -> Result<&str> {
    path.to_str().ok_or_else(|| miette!("a script cannot name `{}`: it is no text", printable::path(path)))
}
