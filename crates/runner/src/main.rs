//! Runs optimizer-comparison experiments on BigSleep.

use std::io::{self, IsTerminal};
use std::panic;
use std::process::ExitCode;

use miette::MietteHandlerOpts;
use runner::{cli, commands, output};

fn main() -> ExitCode {
    show_errors_readably();
    log_panics_of_workers();
    match commands::execute(cli::parse()) {
        Ok(ending) => ExitCode::from(ending.code()),
        Err(error) => {
            output::say(format!("{error:?}").trim_end());
            ExitCode::FAILURE
        }
    }
}

/// Colours only for a terminal; the width does not depend on it, so that messages look the same everywhere.
fn show_errors_readably() {
    let colours = io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none();
    let hook = miette::set_hook(Box::new(move |_| {
        Box::new(MietteHandlerOpts::new().color(colours).unicode(true).width(110).build())
    }));
    hook.expect("no hook has been set before");
}

/// A worker's panic becomes the record of a failed cell; here only its place is kept.
fn log_panics_of_workers() {
    let default = panic::take_hook();
    panic::set_hook(Box::new(move |panic| {
        if std::thread::current().name() == Some("worker") {
            tracing::debug!("{panic}");
        } else {
            default(panic);
        }
    }));
}
