//! Runs optimizer-comparison experiments on BigSleep.
#![expect(clippy::print_stderr, reason = "a program talks to its user")]

use std::process::ExitCode;

fn main() -> ExitCode {
    eprintln!("not built yet: the models come first");
    ExitCode::FAILURE
}
