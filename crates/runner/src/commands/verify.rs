use std::path::Path;

use miette::{IntoDiagnostic, Result};
use records::{ResultsFolder, Verification, counted};

use super::ExitStatus;
use crate::output;

/// Compares the files of a results folder with their digests.
pub(super) fn verify(results: &Path, quiet: bool) -> Result<ExitStatus> {
    let verification = ResultsFolder::at(results).verify().into_diagnostic()?;
    for damage in &verification.damages {
        output::print(&damage.to_string());
    }
    if !quiet {
        output::print(&summary(&verification));
    }
    Ok(if verification.damages.is_empty() { ExitStatus::Done } else { ExitStatus::SomeFailed })
}

fn summary(verification: &Verification) -> String {
    let Verification { planned, matching, without_digests, unfinished, damaged, .. } = verification;
    let mut text = format!("{}: {matching} as the run left them", counted(*planned, "cell"));
    for (count, what) in [
        (*damaged, "damaged"),
        (*without_digests, "without digests, as older versions wrote them"),
        (*unfinished, "not finished"),
        (planned.saturating_sub(matching + damaged + without_digests + unfinished), "not begun"),
    ] {
        if 0 < count {
            text += &format!(", {count} {what}");
        }
    }
    if !verification.damages.is_empty() {
        text += "\nRunning the experiment again repairs what is damaged.";
    }
    text
}
