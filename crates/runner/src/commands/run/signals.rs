//! Ctrl-C: the first is a wish, the second is obeyed at once.

use miette::{IntoDiagnostic, Result, WrapErr};

use crate::commands::Ending;
use crate::output;
use crate::run::Stop;

/// The first Ctrl-C (or SIGTERM, as batch systems send it) is a wish, the second is obeyed at once.
pub(super) fn stop_on_signals(stop: &Stop) -> Result<()> {
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
