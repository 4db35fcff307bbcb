use std::path::Path;

use miette::{IntoDiagnostic, Result};
use report::Comparison;

use super::Ending;
use crate::cli::CompareFormat;
use crate::output;

/// Puts two results folders side by side.
pub(super) fn compare(left: &Path, right: &Path, format: CompareFormat) -> Result<Ending> {
    let comparison = Comparison::of(left, right)?;
    let text = match format {
        CompareFormat::Table => comparison.to_string(),
        CompareFormat::Csv => comparison.csv()?,
        CompareFormat::Json => serde_json::to_string_pretty(&comparison).into_diagnostic()?,
    };
    output::print(text.trim_end());
    let unreadable = comparison.left.unreadable.len() + comparison.right.unreadable.len();
    Ok(if unreadable == 0 { Ending::Done } else { Ending::SomeFailed })
}
