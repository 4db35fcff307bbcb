use std::path::Path;

use miette::{IntoDiagnostic, Result, WrapErr};

use super::Ending;
use crate::output;
use crate::run::ReportLock;

/// Makes tables and plots from records, and event files if they are wanted. Figures that could not be drawn are named, and the others are
/// there: the exit status tells.
pub(super) fn report(results: &Path, tensorboard: bool, quiet: bool) -> Result<Ending> {
    // A folder that is no results folder is left as it is: `build` says so.
    let _lock = results.join("plan.toml").is_file().then(|| ReportLock::wait(results)).transpose()?;
    let summary = report::build(results).into_diagnostic().wrap_err("no report was made")?;
    if !quiet {
        output::print(summary.to_string().trim_end());
    }
    for fault in summary.faults().iter().filter(|_| quiet) {
        output::say(&format!("not drawn: {}: {}", fault.what, fault.why));
    }
    if quiet && 0 < summary.unreadable() {
        output::say(&format!(
            "{} unreadable: see tables/cells.csv",
            records::counted(summary.unreadable(), "record")
        ));
    }
    if tensorboard {
        let events = report::write_tensorboard(results)
            .into_diagnostic()
            .wrap_err("no files for TensorBoard were made")?;
        if !quiet {
            output::print(&format!("Events  tensorboard --logdir {}", events.display()));
        }
    }
    let complete = summary.faults().is_empty() && summary.unreadable() == 0;
    Ok(if complete { Ending::Done } else { Ending::SomeFailed })
}
