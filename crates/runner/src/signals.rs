//! Signals that ask a run to end: Ctrl-C, and what batch systems and closing terminals send.

use miette::{IntoDiagnostic, Result, WrapErr};

use crate::commands::ExitStatus;
use crate::output;
use crate::run::CancellationToken;

/// Has the signals that ask a process to end request cancellation. Nothing is lost then, however
/// often they come: a batch system may send one to the job's script, which passes it on, and one to
/// every process of the job. Only a Ctrl-C after the first signal is obeyed at once.
///
/// # Errors
/// When the system does not let signals be handled.
#[cfg(unix)]
pub(crate) fn cancel_on_signals(stop: &CancellationToken) -> Result<()> {
    use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM, SIGUSR1, SIGUSR2};
    use signal_hook::iterator::Signals;

    let mut handled = vec![SIGINT, SIGTERM, SIGUSR1, SIGUSR2];
    if !hangups_are_ignored() {
        handled.push(SIGHUP);
    }
    let mut signals = Signals::new(handled).into_diagnostic().wrap_err(UNHEARD)?;
    let stop = stop.clone();
    let listen = move || signals.forever().for_each(|signal| obey(signal == SIGINT, &stop));
    let thread = std::thread::Builder::new().name("signals".into()).spawn(listen);
    thread.map(drop).into_diagnostic().wrap_err(UNHEARD)
}

#[cfg(not(unix))]
pub(crate) fn cancel_on_signals(_: &CancellationToken) -> Result<()> {
    Ok(())
}

#[cfg(unix)]
const UNHEARD: &str = "the program cannot be made to listen to signals";

#[cfg(unix)]
fn obey(is_ctrl_c: bool, stop: &CancellationToken) {
    match (stop.cancel(), is_ctrl_c) {
        (true, true) => leave_at_once(),
        (true, false) => {}
        (false, true) => output::say("stopping: saving what has been computed (again to leave at once)"),
        (false, false) => output::say("stopping: saving what has been computed"),
    }
}

/// Returns true if the program was started to survive the end of its terminal, as `nohup` does it.
#[cfg(unix)]
fn hangups_are_ignored() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    mask.is_some_and(|mask| mask & 1 == 1) // the first signal is SIGHUP
}

/// Without tidying up: libtorch's own end would pull the ground from under threads that still
/// compute.
#[cfg(unix)]
fn leave_at_once() -> ! {
    torch_ext::exit_at_once(ExitStatus::Interrupted.code())
}
