use std::io;
use std::path::Path;

use experiment::plan::{Cell, Plan, Selection};
use experiment::{
    EvaluationSettings, Experiment, Layers, Override, PromptImage, PromptImageError, with_kept_images,
    with_overrides,
};
use judges::{Judges, Labels};
use miette::{Diagnostic, Report, Result};
use model_sets::{Identity, ModelSet, ModelSetError, ModelSets};
use records::{PUBLISHED, PublishedTable, TextError, read_text};
use tch::Device;
use thiserror::Error;

use crate::cli::PlanArgs;
use crate::preflight::{self, Preflight};

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

/// An experiment as a run and its plan need it: read, with the settings of its model set, if that is installed.
pub(super) struct Study {
    /// As its file and the command line state it.
    pub(super) stated: Experiment,
    /// With the model set's own settings, its images read.
    pub(super) experiment: Experiment,
    pub(super) published: Option<PublishedTable>,
    pub(super) devices: Vec<Device>,
    /// The model set, or why none can be had: it is not installed.
    pub(super) models: Result<(ModelSet, Identity)>,
    pub(super) images: Vec<PromptImage>,
}

impl Study {
    /// Reads everything that an experiment names.
    ///
    /// # Errors
    /// The first thing that cannot be read, but for a model set that is not installed.
    pub(super) fn read(args: &PlanArgs, sets: &ModelSets) -> Result<Self> {
        let stated = read(args)?;
        let published = published(&stated, args)?;
        let devices = args.devices.clone().unwrap_or_default().resolve()?;
        let models = match models(&stated, sets) {
            Err(error) if !is_absent(&error) => return Err(error),
            models => models,
        };
        let mut experiment = match &models {
            Ok((set, _)) => suited(stated.clone(), set)?,
            Err(_) => stated.clone(),
        };
        let images = images(&mut experiment, args)?;
        Ok(Self { stated, experiment, published, devices, models, images })
    }
}

/// Whether the model set is merely not there, rather than there and wrong.
fn is_absent(error: &Report) -> bool {
    use ModelSetError::{NoFolder, NoneInstalled, Unknown};
    matches!(error.downcast_ref(), Some(NoFolder { .. } | NoneInstalled { .. } | Unknown { .. }))
}

/// The cells of an experiment, in its stages: those that choose settings are followed by those that test them.
pub(super) struct Plans {
    /// The first trials, if settings are chosen.
    pub(super) tuning: Option<Plan>,
    /// The test; settings that are to be chosen have their lowest value.
    pub(super) test: Plan,
}

impl Plans {
    pub(super) fn of(experiment: &Experiment, identity: &Identity) -> Result<Self> {
        let tuning = experiment
            .tuning
            .as_ref()
            .map(|tuning| Plan::new(&tuning.stage(experiment, &tuning.first_trials()), identity));
        let mut tested = experiment.clone();
        tested.optimizers.extend(experiment.tuning.iter().flat_map(|tuning| tuning.also.clone()));
        Ok(Self { tuning: tuning.transpose()?, test: Plan::new(&tested, identity)? })
    }

    /// The cells that the command line selects: of the test, and every trial, which `--only` does not select.
    pub(super) fn selected(&self, args: &PlanArgs) -> Result<Vec<&Cell>> {
        let trials = Selection { only: Vec::new(), shard: args.shard };
        let mut cells = match &self.tuning {
            Some(tuning) => trials.of(&tuning.cells)?,
            None => Vec::new(),
        };
        cells.extend(select(&self.test, args)?);
        Ok(cells)
    }
}

/// An experiment with its overrides.
fn read(args: &PlanArgs) -> Result<Experiment> {
    let name = args.experiment.display().to_string();
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
fn published(experiment: &Experiment, args: &PlanArgs) -> Result<Option<PublishedTable>> {
    let Some(path) = &experiment.published else { return Ok(None) };
    let path = args.experiment.parent().unwrap_or(Path::new("")).join(path);
    let name = path.display().to_string();
    let text = read_text(&path).map_err(|error| -> Report {
        match error {
            TextError::Read { source, .. } => NotPublished { name: name.clone(), source }.into(),
            other => other.into(),
        }
    })?;
    Ok(Some(PublishedTable::parse(&name, &text).map_err(|error| *error)?))
}

/// The images of the experiment's prompts, each of which the perceptor can look at.
fn images(experiment: &mut Experiment, args: &PlanArgs) -> Result<Vec<PromptImage>> {
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

/// The text of the experiment as its results folder keeps it: published figures and images are then beside it.
pub(super) fn resolved(experiment: &Experiment, images: &[PromptImage]) -> String {
    let text = with_kept_images(&experiment.text, images);
    if experiment.published.is_none() {
        return text;
    }
    let beside: Override = format!("published='{PUBLISHED}'").parse().expect("a key and a value");
    with_overrides(&text, &[beside])
}

/// The first installed model set that the experiment names, and what cells computed with it depend on.
fn models(experiment: &Experiment, sets: &ModelSets) -> Result<(ModelSet, Identity)> {
    let set = sets.first_installed(&experiment.models)?;
    let identity = set.identity()?;
    Ok((set, identity))
}

/// The experiment with the model set's own settings where it states none.
fn suited(experiment: Experiment, set: &ModelSet) -> Result<Experiment> {
    if set.manifest.dream.is_empty() {
        return Ok(experiment);
    }
    let (path, manifest) = set.manifest_text();
    let path = path.display().to_string();
    Ok(experiment.over_models(&path, manifest).map_err(|error| *error)?)
}

/// Checks what is to be run before anything is, and tells warnings. `stated` is the experiment without settings of a
/// model set. Returns the names that final images are compared with.
pub(super) fn preflight(
    stated: &Experiment,
    args: &PlanArgs,
    judges: &Judges<'_>,
    cells: &[&Cell],
    devices: &[Device],
) -> Result<Labels> {
    let name = args.experiment.display().to_string();
    let name = if args.overrides.is_empty() { name } else { format!("{name} with --set") };
    let EvaluationSettings { labels, template } = &stated.evaluation;
    let labels = Labels::new(labels.as_ref(), template, &judges.set.manifest);
    let preflight = Preflight { experiment: stated, name: &name, judges, labels: &labels, cells, devices };
    for warning in preflight::check(&preflight)? {
        tracing::warn!("{warning}");
    }
    Ok(labels)
}

/// The cells of the plan that the command line selects.
pub(super) fn select<'p>(plan: &'p Plan, args: &PlanArgs) -> Result<Vec<&'p Cell>> {
    let selection = Selection { only: args.only.clone(), shard: args.shard };
    Ok(selection.of(&plan.cells)?)
}
