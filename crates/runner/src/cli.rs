//! The command line.

mod arrange;

pub use arrange::parse;

use std::env;
use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use clap::{ArgAction, Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;
use experiment::Override;
use experiment::plan::Shard;
use model_sets::LabelChoice;
use optim_python::Interpreter;

use crate::devices::DeviceChoice;
use crate::slurm::TimeLimit;

const EXAMPLES: &str = "\
Examples:
  runner experiments/optimizers.toml
      Run it; the same command resumes where it stopped
  runner plan experiments/optimizers.toml
      List its cells and estimate what they cost
  runner experiments/optimizers.toml --only 'bicycle/*' --set dream.iterations=50 --out results/quick
      Run part of it with fewer steps, in a separate results folder
  runner experiments/optimizers.toml --shard 2/3
      Run a third of its cells: the share of the second of three machines
  runner submit experiments/optimizers.toml --tasks 12 --time 1:00:00 -- --partition=short
      Have a Slurm cluster compute it, twelve shards and one report; --dry-run shows how
  runner status results/optimizers
      See how far it is
  runner report results/optimizers
      Make its tables, plots, and page again
  runner verify results/optimizers
      Check its files against the digests that the run recorded
  runner compare results/optimizers results/quick
      Compare two runs
  runner weights fetch paper
      Install the report's models
  runner evaluate picture.png --labels 'bicycle,chair' --prompt 'a red bicycle'
      Ask the judges about any image

Exit codes:
  0 all cells finished, 1 error, 2 usage error, 3 some cells failed, diverged, or are damaged,
  4 tuning waits for the cells of other shards: run again when those have ended,
  75 another run holds the results folder or the shard: try again when it has ended,
  130 interrupted (Ctrl-C, SIGTERM, SIGHUP, SIGUSR1, SIGUSR2): what was computed is saved
  With --no-report, a diverged cell counts as a result: 0 if all cells have ended, 3 if some failed";

/// Runs optimizer-comparison experiments on BigSleep
#[derive(Debug, Parser)]
#[command(name = "runner", version, after_help = EXAMPLES)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub struct Cli {
    /// The subcommand; without one, an experiment is run.
    #[command(subcommand)]
    pub command: Option<Command>,
    /// The experiment to run.
    #[command(flatten)]
    pub plan: Option<PlanArgs>,
    /// Options of a run.
    #[command(flatten)]
    pub run: RunArgs,
    /// Options of every command.
    #[command(flatten)]
    pub global: GlobalArgs,
}

/// Commands other than running an experiment.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// List an experiment's cells, devices, batches, estimated time, and statistical power, without
    /// running it
    Plan {
        /// The cells to list.
        #[command(flatten)]
        args: PlanArgs,
        /// Earlier results from which to estimate the power of this design: their optimizers should
        /// vary from prompt to prompt as much as these will
        #[arg(long, value_name = "RESULTS")]
        like: Option<PathBuf>,
    },
    /// Make tables, plots, and the page from the records of a run
    Report {
        /// A results folder, such as results/optimizers
        results: PathBuf,
        /// Also write event files for TensorBoard, to tensorboard/ in the results folder
        #[arg(long)]
        tensorboard: bool,
    },
    /// Hand an experiment to Slurm: an array of shards, then one report; again, what is left of it
    Submit(Box<SubmitArgs>),
    /// Tell how far a run has come, on whatever machines: from its records
    Status {
        /// A results folder, such as results/optimizers
        results: PathBuf,
    },
    /// Check the files of a results folder against their digests
    Verify {
        /// A results folder, such as results/optimizers
        results: PathBuf,
    },
    /// Compare two runs: the cells that both have, their settings and environments, and their
    /// optimizers
    Compare {
        /// One results folder
        left: PathBuf,
        /// The other results folder
        right: PathBuf,
        /// Output format
        #[arg(long, value_enum, default_value_t)]
        format: CompareFormat,
    },
    /// Judge any images: nearest labels, similarity to texts, and segments
    Evaluate(EvaluateArgs),
    /// List, fetch, and verify model sets
    #[command(subcommand)]
    Weights(WeightsCommand),
    /// Print the JSON schema of experiments
    Schema,
    /// Print completions for a shell
    Completions {
        /// The shell
        shell: Shell,
    },
}

/// Output format of a comparison.
#[derive(Clone, Copy, Debug, Default, ValueEnum)]
pub enum CompareFormat {
    /// Tables in Markdown
    #[default]
    Table,
    /// A row for each cell
    Csv,
    /// Everything
    Json,
}

/// Commands on model sets.
#[derive(Debug, Subcommand)]
pub enum WeightsCommand {
    /// List the model sets and whether they are installed
    List,
    /// Download model sets; an interrupted download resumes where it stopped
    Fetch {
        /// Names of model sets
        #[arg(required = true)]
        sets: Vec<String>,
    },
    /// Check files against their digests
    Verify {
        /// Names of model sets, all of whose files must be there; with no names, checks the files
        /// that are there, of every set
        sets: Vec<String>,
    },
}

/// Options of a run only.
#[derive(Debug, Default, Args)]
pub struct RunArgs {
    /// Results folder [default: results/NAME]
    #[arg(long, value_name = "FOLDER")]
    pub out: Option<PathBuf>,
    /// Discard what the selected cells have computed and start over
    #[arg(long)]
    pub fresh: bool,
    /// Also write event files for TensorBoard, to tensorboard/ in the results folder
    #[arg(long, conflicts_with = "no_report")]
    pub tensorboard: bool,
    /// Only compute and judge; `runner report` then makes tables and plots once for all shards
    #[arg(long)]
    pub no_report: bool,
    /// Choose settings and stop before they are tested
    #[arg(long)]
    pub tuning_only: bool,
    /// Longest wait for another run that holds the folder or the shard [default: 60 with
    /// --no-report, else 0]
    #[arg(long, value_name = "SECONDS")]
    pub wait: Option<u32>,
}

impl RunArgs {
    /// The longest time to wait for another run.
    pub fn longest_wait(&self) -> Duration {
        let usual = if self.no_report { 60 } else { 0 };
        Duration::from_secs(self.wait.unwrap_or(usual).into())
    }
}

/// What Slurm is asked for.
#[derive(Debug, Args)]
pub struct SubmitArgs {
    /// Which experiment.
    #[command(flatten)]
    pub plan: PlanArgs,
    /// Results folder, which all nodes see [default: results/NAME]
    #[arg(long, value_name = "FOLDER")]
    pub out: Option<PathBuf>,
    /// Elements of the array, at most: each computes every n-th cell
    #[arg(long, value_name = "N", default_value_t = 64, value_parser = clap::value_parser!(u32).range(1..))]
    pub tasks: u32,
    /// Elements that run at the same time, at most [default: all]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub at_once: Option<u32>,
    /// Time limit of an element; what it has not ended by then goes on in a restart
    #[arg(long, value_name = "LIMIT", default_value = "4:00:00")]
    pub time: TimeLimit,
    /// Cores of an element, which it uses as threads
    #[arg(long, value_name = "N", default_value_t = 2, value_parser = clap::value_parser!(u32).range(1..))]
    pub cpus: u32,
    /// Memory of an element
    #[arg(long, value_name = "SIZE", default_value = "4G", value_parser = memory)]
    pub mem: String,
    /// GPUs of an element [default: none, computed on the CPU]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub gpus: Option<u32>,
    /// Lines of the shell that go before the program, such as 'module load cuda'
    #[arg(long, value_name = "LINES")]
    pub setup: Option<String>,
    /// Print scripts and commands, write and submit nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Options of sbatch, untouched, such as -- --partition=gpu --constraint=avx512
    #[arg(last = true, value_name = "SBATCH OPTIONS")]
    pub sbatch: Vec<String>,
}

/// An amount of memory as Slurm writes it: digits with K, M, G or T.
fn memory(text: &str) -> Result<String, String> {
    let digits = text.trim_end_matches(['K', 'M', 'G', 'T']);
    let is_amount = digits.bytes().all(|byte| byte.is_ascii_digit()) && digits.len() + 1 >= text.len();
    match is_amount && !digits.is_empty() {
        true => Ok(text.to_owned()),
        false => Err("an amount of memory is a number with K, M, G or T, such as 4G".to_owned()),
    }
}

/// The experiment, the selection of its cells, and the devices.
#[derive(Debug, Args)]
pub struct PlanArgs {
    /// An experiment, such as experiments/optimizers.toml
    #[arg(value_name = "EXPERIMENT.toml")]
    pub experiment: PathBuf,
    /// Override a setting of the experiment; may be given several times
    #[arg(long = "set", value_name = "KEY=VALUE")]
    pub overrides: Vec<Override>,
    /// Select only cells whose path matches, such as 'bicycle/*'; may be given several times
    #[arg(long, value_name = "GLOB")]
    pub only: Vec<String>,
    /// Select every N-th of these cells, beginning with the I-th
    #[arg(long, value_name = "I/N")]
    pub shard: Option<Shard>,
    /// cpu, cuda (all GPUs), or certain GPUs such as cuda:0,cuda:1 [default: all GPUs, else the
    /// CPU]
    #[arg(long, value_name = "DEVICES")]
    pub devices: Option<DeviceChoice>,
    /// Cells to compute at once on the CPU [default: one per core for small models, 1 for large
    /// ones; `OMP_NUM_THREADS` sets the number of cores to use]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    pub jobs: Option<u16>,
    /// Python that has torch, for optimizers that are in Python [default: `DREAMBENCH_PYTHON`, else
    /// python3]
    #[arg(long, value_name = "PROGRAM")]
    pub python: Option<OsString>,
    /// Seconds that Python may be silent within a step before its cell fails
    #[arg(long, value_name = "SECONDS", default_value_t = 300)]
    #[arg(value_parser = clap::value_parser!(u64).range(1..=1_000_000))]
    pub python_limit: u64,
    /// GiB of memory that Python may use beside what importing torch takes
    #[arg(long, value_name = "GIB", default_value_t = 8)]
    #[arg(value_parser = clap::value_parser!(u64).range(1..=1_000_000))]
    pub python_memory: u64,
}

impl PlanArgs {
    /// The Python for optimizers that are in it.
    pub fn interpreter(&self) -> Interpreter {
        // Not by clap, which takes a variable for an argument and then looks for an experiment.
        let program = self.python.clone().or_else(|| env::var_os("DREAMBENCH_PYTHON"));
        Interpreter {
            program: program.unwrap_or_else(|| "python3".into()),
            limit: Duration::from_secs(self.python_limit),
            memory: self.python_memory << 30,
        }
    }
}

/// The images to judge, and the judges.
#[derive(Debug, Args)]
pub struct EvaluateArgs {
    /// PNG or JPEG files of up to 50 million pixels
    ///
    /// They are rotated as their EXIF tag says. Of colors deeper than 8 bits, the high byte counts.
    /// Transparent parts are reported: CLIP sees black where they keep no color, and the segmenter
    /// sees the color that the file stores there. A file that is truncated or is not an image is
    /// named on stderr, the others are judged, and the exit code is 3.
    #[arg(required = true, value_name = "IMAGE")]
    pub images: Vec<PathBuf>,
    /// Model sets in order of preference: the first that is installed judges
    #[arg(long, value_name = "SET", value_delimiter = ',', default_value = "paper,mini")]
    pub models: Vec<String>,
    /// Labels to compare with: cifar-100, a file with one label per line, or a list such as
    /// 'bicycle,chair' [default: those of the model set, else cifar-100]
    #[arg(long, value_name = "LABELS", value_parser = crate::commands::labels)]
    pub labels: Option<LabelChoice>,
    /// Template that each label is put into, at `{}`
    #[arg(long, value_name = "TEXT", default_value = "a photo of a {}")]
    pub template: String,
    /// Text to compare the image with; may be given several times
    #[arg(long = "prompt", value_name = "TEXT")]
    pub prompts: Vec<String>,
    /// Output format
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t)]
    pub format: Format,
    /// cpu, or a GPU such as cuda:0 [default: the first GPU, else the CPU]
    #[arg(long, value_name = "DEVICE")]
    pub devices: Option<DeviceChoice>,
}

/// Output format of evaluations.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// A table for each image
    #[default]
    Table,
    /// A row for each image, judge and label, text or segment
    Csv,
    /// Everything
    Json,
}

/// Options of every command.
#[derive(Debug, Args)]
pub struct GlobalArgs {
    /// Folder of the model sets
    #[arg(long, global = true, value_name = "FOLDER", env = "DREAMBENCH_WEIGHTS", default_value = "weights")]
    pub weights: PathBuf,
    /// Print more; given twice, print everything
    #[arg(short, long, global = true, action = ArgAction::Count)]
    pub verbose: u8,
    /// Print nothing but errors
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub quiet: bool,
}
