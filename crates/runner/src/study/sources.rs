//! The files that an experiment consists of and names.

use std::io;
use std::path::Path;

use experiment::{
    Experiment, Layers, Override, PromptImage, PromptImageError, PythonFile, with_kept_files,
    with_kept_images, with_overrides,
};
use miette::{Diagnostic, Report, Result};
use model_sets::ModelSet;
use records::{PUBLISHED, PublishedTable, TextError, read_text};
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
    let name = printable::path(&args.experiment);
    let text = read_text(&args.experiment).map_err(|error| -> Report {
        match error {
            TextError::Read { source, .. } => Unreadable { name: name.clone(), source }.into(),
            other => other.into(),
        }
    })?;
    let layers = Layers::new(name, text).with_overrides(&args.overrides);
    Ok(layers.read().map_err(|error| *error)?)
}

/// The published figures that the experiment names.
pub(super) fn published(experiment: &Experiment, args: &PlanArgs) -> Result<Option<PublishedTable>> {
    let Some(path) = &experiment.published else { return Ok(None) };
    let path = args.experiment.parent().unwrap_or(Path::new("")).join(path);
    let name = printable::path(&path);
    let text = read_text(&path).map_err(|error| -> Report {
        match error {
            TextError::Read { source, .. } => NotPublished { name: name.clone(), source }.into(),
            other => other.into(),
        }
    })?;
    Ok(Some(PublishedTable::parse(&name, &text).map_err(|error| *error)?))
}

/// The images of the experiment's prompts, each of which the perceptor can look at.
pub(super) fn images(experiment: &mut Experiment, args: &PlanArgs) -> Result<Vec<PromptImage>> {
    let images = experiment.read_images(args.experiment.parent().unwrap_or(Path::new("")))?;
    for PromptImage { prompt, path, .. } in &images {
        let text = experiment.prompts[*prompt].text.clone();
        let _pixels = clip::preprocess_file(path, 1).map_err(|source| PromptImageError {
            prompt: *prompt,
            text,
            source,
        })?;
    }
    Ok(images)
}

/// The files of the experiment's optimizers that are in Python.
pub(super) fn python(experiment: &mut Experiment, args: &PlanArgs) -> Result<Vec<PythonFile>> {
    Ok(experiment.read_python(args.experiment.parent().unwrap_or(Path::new("")))?)
}

/// The text of the experiment as its results folder keeps it: published figures, images and files
/// of optimizers are then beside it.
pub(super) fn resolved(experiment: &Experiment, images: &[PromptImage], files: &[PythonFile]) -> String {
    let text = with_kept_files(&with_kept_images(&experiment.text, images), files);
    if experiment.published.is_none() {
        return text;
    }
    let beside: Override = format!("published='{PUBLISHED}'").parse().expect("a key and a value");
    with_overrides(&text, &[beside])
}

/// The experiment with the model set's own settings where it states none.
pub(super) fn suited(experiment: Experiment, set: &ModelSet) -> Result<Experiment> {
    if set.manifest.dream.is_empty() {
        return Ok(experiment);
    }
    let (path, manifest) = set.manifest_text();
    let path = printable::path(&path);
    Ok(experiment.over_models(&path, manifest).map_err(|error| *error)?)
}
