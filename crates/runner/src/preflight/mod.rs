//! Checks before the first step: what would otherwise be found after hours, or cell by cell.
//! [`check`] is shared by a run and by `plan`, and reports all faults together, in an order that
//! does not change.
mod arithmetic;
mod error;
mod folders;
mod models;
mod places;
mod python;
mod settings;
mod texts;

pub use error::PreflightError;
pub use folders::{FolderError, check as check_folders};

use std::collections::BTreeMap;

use experiment::Experiment;
use experiment::plan::Cell;
use judges::{Judges, Labels};
use optim_python::Interpreter;
use tch::Device;

use self::error::Fault;
use self::places::Places;

/// What is to be run, with what, where.
pub struct Preflight<'p> {
    /// The experiment as its file and the command line state it, before settings of a model set are
    /// added.
    pub experiment: &'p Experiment,
    /// The model set with its judges.
    pub judges: &'p Judges<'p>,
    /// The names that final images are compared with.
    pub labels: &'p Labels,
    /// The cells that were selected.
    pub cells: &'p [&'p Cell],
    /// The devices that compute them.
    pub devices: &'p [Device],
}

/// Versions of Python, torch and packages, by their names.
pub type Versions = BTreeMap<String, String>;

/// Checks models, texts, settings, devices and optimizers in Python. Returns warnings: what can be
/// run and is hardly meant; and the versions of what these optimizers are made of.
///
/// # Errors
/// [`PreflightError`] names every fault.
pub fn check(
    preflight: &Preflight<'_>,
    interpreter: &Interpreter,
) -> Result<(Vec<String>, Versions), PreflightError> {
    let sources = preflight.experiment.sources();
    let places = Places::of(preflight.experiment, &sources);
    let mut faults = Vec::new();
    let models = models::check(preflight.judges, &mut faults);
    let texts = texts::check(preflight, &models.readers, &places, &mut faults);
    settings::check(preflight, models.classes, &places, &mut faults);
    let warnings = arithmetic::check(preflight, &places, &mut faults);
    let versions = python::check(preflight, interpreter, &places, &mut faults);
    if faults.is_empty() {
        return Ok((warnings, versions));
    }
    let checked = format!(
        "{}, {} and {} were checked",
        records::counted(models.files, "model"),
        records::counted(texts, "text"),
        records::counted(preflight.cells.len(), "cell"),
    );
    Err(PreflightError::new(faults, &checked, &sources))
}
