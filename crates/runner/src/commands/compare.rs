use std::path::Path;

use miette::{IntoDiagnostic, Result};
use report::Comparison;

use super::ExitStatus;
use crate::cli::CompareFormat;
use crate::output;

/// Puts two results folders side by side.
pub(super) fn compare(left: &Path, right: &Path, format: CompareFormat) -> Result<ExitStatus> {
    let comparison = Comparison::of(left, right)?;
    match format {
        CompareFormat::Table => output::print(comparison.to_string().trim_end()),
        CompareFormat::Csv => output::print(comparison.csv()?.trim_end()),
        CompareFormat::Json => {
            output::print_json(&serde_json::to_string_pretty(&comparison).into_diagnostic()?);
        }
    }
    let unreadable = comparison.left.unreadable.len() + comparison.right.unreadable.len();
    Ok(if unreadable == 0 { ExitStatus::Done } else { ExitStatus::SomeFailed })
}
