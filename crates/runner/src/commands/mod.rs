//! The commands, one file each.
mod compare;
mod evaluate;
mod labels;
mod plan;
mod report;
mod run;
mod status;
mod submit;
mod verify;
mod weights;

pub(crate) use labels::labels;

use clap::CommandFactory;
use miette::{IntoDiagnostic, Report, Result};
use model_sets::ModelSets;

use crate::cli::{Cli, Command, WeightsCommand};
use crate::run::LockError;
use crate::{devices, logs, output};

/// Exit status of the program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExitStatus {
    /// All is done.
    Done,
    /// Some cells failed or diverged, or some files are wrong or unreadable.
    SomeFailed,
    /// A shard waits for others, whose share of the tuning has not ended.
    Waiting,
    /// Another run has the results folder, or the shard.
    Taken,
    /// The run was canceled; what was computed is saved.
    Interrupted,
}

impl ExitStatus {
    /// The exit code.
    pub fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::SomeFailed => 3,
            Self::Waiting => 4,
            Self::Taken => 75,        // EX_TEMPFAIL of sysexits.h: worth another try
            Self::Interrupted => 130, // as shells say it
        }
    }
}

/// The exit code of an error.
pub fn code_of(error: &Report) -> u8 {
    match error.downcast_ref::<LockError>() {
        Some(lock) if lock.is_temporary() => ExitStatus::Taken.code(),
        _ => 1,
    }
}

/// Does what the command line asks for.
///
/// # Errors
/// Whatever keeps it from being done, with what can be done about it.
pub fn execute(cli: Cli) -> Result<ExitStatus> {
    let bars = output::bars();
    let log = logs::start(&cli.global, &bars);
    limit_threads();
    let sets = ModelSets::at(&cli.global.weights);
    match (cli.command, cli.plan) {
        (Some(Command::Plan { args, like }), _) => plan::plan(&args, like.as_deref(), &sets),
        (Some(Command::Report { results, tensorboard }), _) => {
            report::report(&results, tensorboard, cli.global.quiet)
        }
        (Some(Command::Submit(args)), _) => submit::submit(*args, &sets, &cli.global, &bars, &log),
        (Some(Command::Status { results }), _) => status::status(&results),
        (Some(Command::Verify { results }), _) => verify::verify(&results, cli.global.quiet),
        (Some(Command::Compare { left, right, format }), _) => compare::compare(&left, &right, format),
        (Some(Command::Evaluate(args)), _) => evaluate::evaluate(&args, &sets, &bars),
        (Some(Command::Weights(WeightsCommand::List)), _) => weights::list(&sets),
        (Some(Command::Weights(WeightsCommand::Fetch { sets: names })), _) => {
            weights::fetch(&sets, &names, &bars)
        }
        (Some(Command::Weights(WeightsCommand::Verify { sets: names })), _) => weights::verify(&sets, &names),
        (Some(Command::Schema), _) => {
            output::print(&serde_json::to_string_pretty(&experiment::json_schema()).into_diagnostic()?);
            Ok(ExitStatus::Done)
        }
        (Some(Command::Completions { shell }), _) => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Cli::command(), "runner", &mut script);
            output::print(&String::from_utf8_lossy(&script));
            Ok(ExitStatus::Done)
        }
        (None, Some(plan)) => run::run(&plan, &cli.run, &sets, &cli.global, &bars, &log),
        (None, None) => {
            output::print(&Cli::command().render_help().to_string()); // clap asks for an experiment before this
            Ok(ExitStatus::Done)
        }
    }
}

/// Has what encodes and draws use as many cores as the computation, where that was stated.
fn limit_threads() {
    if let Some(cores) = devices::stated_cores() {
        // Fails where a test of this process has started the threads before.
        let _ = rayon::ThreadPoolBuilder::new().num_threads(cores).build_global();
    }
}
