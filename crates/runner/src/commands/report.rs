use std::path::Path;

use miette::{IntoDiagnostic, Result, WrapErr};

use super::Ending;
use crate::{output, report};

/// Makes tables and plots from records.
pub(super) fn report(results: &Path, quiet: bool) -> Result<Ending> {
    let summary = report::build(results).into_diagnostic().wrap_err("no report was made")?;
    if !quiet {
        output::print(summary.to_string().trim_end());
    }
    Ok(Ending::Done)
}
