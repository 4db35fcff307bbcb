use std::io;
use std::path::Path;

use miette::{IntoDiagnostic, Result, WrapErr};
use records::{LARGEST_TEXT, read_regular, write_atomically};
use serde::{Deserialize, Serialize};

/// The folder of scripts and logs in a results folder.
pub(crate) const FOLDER: &str = "slurm";
/// The folder of the jobs' output in a results folder.
pub(crate) const LOGS: &str = "slurm/log";

/// `slurm/submitted.toml`: the jobs that were handed to Slurm last.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Submitted {
    /// Revision of the working tree that the program was started in, where git knows one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) revision: Option<String>,
    /// Shards of the tuning, if it was handed over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) tuning_tasks: Option<usize>,
    /// Shards of the cells that test settings.
    pub(crate) tasks: usize,
    /// Patterns of the cells that were selected, if not all were.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) only: Vec<String>,
    /// Ids of the jobs.
    pub(crate) jobs: Jobs,
}

/// Ids of jobs, as far as there are such jobs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Jobs {
    /// The array that computes the tuning's trials.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) tuning: Option<u64>,
    /// The job that chooses settings.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) choose: Option<u64>,
    /// The array that computes the cells.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) array: Option<u64>,
    /// The job that makes the report.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) report: Option<u64>,
}

impl Submitted {
    /// Reads the record of `results`, if jobs were ever handed over.
    ///
    /// # Errors
    /// When it cannot be read.
    pub(crate) fn read(results: &Path) -> Result<Option<Self>> {
        let path = results.join(FOLDER).join("submitted.toml");
        let bytes = match read_regular(&path, LARGEST_TEXT) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            bytes => bytes,
        };
        let context = || format!("failed to read `{}`", printable::path(&path));
        let text = String::from_utf8_lossy(&bytes.into_diagnostic().wrap_err_with(context)?).into_owned();
        toml::from_str(&text).into_diagnostic().wrap_err_with(context)
    }

    /// Writes the record.
    ///
    /// # Errors
    /// When it cannot be written.
    pub(crate) fn write(&self, results: &Path) -> Result<()> {
        let text = toml::to_string(self).into_diagnostic()?;
        let path = results.join(FOLDER).join("submitted.toml");
        write_atomically(&path, text.as_bytes()).into_diagnostic()
    }

    /// All ids, in the order in which the jobs run.
    pub(crate) fn ids(&self) -> Vec<u64> {
        let Jobs { tuning, choose, array, report } = self.jobs;
        [tuning, choose, array, report].into_iter().flatten().collect()
    }
}
