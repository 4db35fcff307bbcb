use std::borrow::Cow;
use std::path::Path;

use miette::{IntoDiagnostic, Result, WrapErr};

use super::ExitStatus;
use crate::output;
use crate::run::ReportLock;

/// Makes tables and plots from records, and event files if they are wanted. Figures that could not
/// be drawn are named, and the others are there: the exit status tells.
pub(super) fn report(results: &Path, tensorboard: bool, quiet: bool) -> Result<ExitStatus> {
    // A folder that is no results folder is left as it is: `build` says so.
    let waiting = |lock: &Path| {
        if !quiet {
            let (results, lock) = (printable::path(results), printable::path(lock));
            output::say(&format!(
                "waiting for another report of `{results}`, which holds the lock of `{lock}`"
            ));
        }
    };
    let _lock =
        results.join("plan.toml").is_file().then(|| ReportLock::wait(results, waiting)).transpose()?;
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
            output::print(&format!("Events  tensorboard --logdir {}", quoted(&events)));
        }
    }
    let complete = summary.faults().is_empty() && summary.unreadable() == 0;
    Ok(if complete { ExitStatus::Done } else { ExitStatus::SomeFailed })
}

/// `path` as a shell takes it for one argument.
fn quoted(path: &Path) -> String {
    let path = path.display().to_string();
    shlex::try_quote(&path).map(Cow::into_owned).unwrap_or(path) // only a NUL, which no path has, cannot be quoted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_one_argument_of_a_shell() {
        assert_eq!(quoted(Path::new("results/optimizers/tensorboard")), "results/optimizers/tensorboard");
        for path in ["my results/it's/$HOME `id`", "a;b", "#c"] {
            assert_eq!(shlex::split(&quoted(Path::new(path))), Some(vec![path.to_owned()]));
        }
    }
}
