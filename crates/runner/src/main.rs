//! Runs optimizer-comparison experiments on BigSleep.

use std::panic;
use std::process::ExitCode;

use runner::{cli, commands, output};

fn main() -> ExitCode {
    output::show_errors_readably();
    log_panics_of_workers();
    let cli = match cli::parse() {
        Ok(cli) => cli,
        Err(error) => return say_usage(&error),
    };
    match commands::execute(cli) {
        Ok(ending) => ExitCode::from(ending.code()),
        Err(error) => {
            output::say_error(&error);
            ExitCode::from(commands::code_of(&error))
        }
    }
}

/// Help, or what is wrong with the arguments: it quotes them, and then goes without colors if they
/// have something that a terminal would act on.
fn say_usage(error: &clap::Error) -> ExitCode {
    let arguments = || std::env::args_os().map(|argument| argument.to_string_lossy().into_owned());
    if arguments().all(|argument| printable::text(&argument) == argument) {
        let _ = error.print(); // nobody is left to be told
    } else {
        output::say(error.to_string().trim_end());
    }
    ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2))
}

/// A worker's panic becomes the record of a failed cell; here only its place is kept.
fn log_panics_of_workers() {
    let default = panic::take_hook();
    panic::set_hook(Box::new(move |panic| {
        if std::thread::current().name() == Some("worker") {
            tracing::debug!("{panic}");
        } else if printable::text(&panic.to_string()) == panic.to_string() {
            default(panic);
        } else {
            output::say(&panic.to_string());
        }
    }));
}
