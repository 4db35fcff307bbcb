use std::io;
use std::path::Path;

use experiment::plan::{Cell, Plan, Selection};
use experiment::{Experiment, Override, with_defaults, with_overrides};
use miette::{Diagnostic, Result};
use model_sets::{Identity, ModelSet, ModelSets};
use records::{PUBLISHED, PublishedTable, read_text};
use thiserror::Error;

use crate::cli::PlanArgs;

/// An experiment that cannot be read.
#[derive(Debug, Error, Diagnostic)]
#[error("failed to read the experiment `{name}`")]
#[diagnostic(help(
    "give the path of an experiment, such as experiments/optimizers.toml; --help lists the commands"
))]
struct Unreadable {
    name: String,
    source: io::Error,
}

/// A table of published figures that is not there.
#[derive(Debug, Error, Diagnostic)]
#[error("failed to read the published figures `{name}` of the experiment")]
#[diagnostic(help("`published` is a path from the experiment's folder, such as published/table2.csv"))]
struct NotPublished {
    name: String,
    source: io::Error,
}

/// An experiment with its overrides.
pub(super) fn read(args: &PlanArgs) -> Result<Experiment> {
    let name = args.experiment.display().to_string();
    let text = read_text(&args.experiment).map_err(|source| Unreadable { name: name.clone(), source })?;
    let text = with_overrides(&text, &args.overrides)?;
    let name = if args.overrides.is_empty() { name } else { format!("{name} with --set") };
    Ok(Experiment::parse(&name, &text).map_err(|error| *error)?)
}

/// The published figures that the experiment names.
pub(super) fn published(experiment: &Experiment, args: &PlanArgs) -> Result<Option<PublishedTable>> {
    let Some(path) = &experiment.published else { return Ok(None) };
    let path = args.experiment.parent().unwrap_or(Path::new("")).join(path);
    let name = path.display().to_string();
    let text = read_text(&path).map_err(|source| NotPublished { name: name.clone(), source })?;
    Ok(Some(PublishedTable::parse(&name, &text).map_err(|error| *error)?))
}

/// The text of the experiment as its results folder keeps it: the published figures are then beside it.
pub(super) fn resolved(experiment: &Experiment) -> Result<String> {
    if experiment.published.is_none() {
        return Ok(experiment.text.clone());
    }
    let beside: Override = format!("published='{PUBLISHED}'").parse().expect("a key and a value");
    Ok(with_overrides(&experiment.text, &[beside])?)
}

/// The first installed model set that the experiment names, and what cells computed with it depend on.
pub(super) fn models(experiment: &Experiment, sets: &ModelSets) -> Result<(ModelSet, Identity)> {
    let set = sets.first_installed(&experiment.models)?;
    let identity = set.identity()?;
    Ok((set, identity))
}

/// The experiment with the model set's own settings where it states none.
pub(super) fn suited(experiment: Experiment, set: &ModelSet) -> Result<Experiment> {
    if set.manifest.dream.is_empty() {
        return Ok(experiment);
    }
    let text = with_defaults(&experiment.text, "dream", &set.manifest.dream);
    let name = format!("the experiment with the settings of the model set {}", set.manifest.name);
    Ok(Experiment::parse(&name, &text).map_err(|error| *error)?)
}

/// The cells of the plan that the command line selects.
pub(super) fn select<'p>(plan: &'p Plan, args: &PlanArgs) -> Result<Vec<&'p Cell>> {
    let selection = Selection { only: args.only.clone(), shard: args.shard };
    Ok(selection.of(&plan.cells)?)
}
