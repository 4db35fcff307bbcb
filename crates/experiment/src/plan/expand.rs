use std::collections::{HashMap, HashSet};
use std::io;
use std::path::PathBuf;

use miette::Diagnostic;
use model_sets::Identity;
use records::{FileDigests, PlanRecord, PlannedCell, PlannedPlace, PlannedPrompt, PlannedStudy};
use thiserror::Error;

use super::Cell;
use super::excluded::Excluded;
use crate::{Experiment, PromptEntry, Seeds, Variant};

/// The cells of an experiment, in its order: prompts, then optimizers, then further settings, then
/// seeds.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Record of the plan for a results folder.
    pub record: PlanRecord,
    /// The cells.
    pub cells: Vec<Cell>,
}

/// An experiment without a grid that could be run.
#[derive(Debug, Error, Diagnostic)]
#[expect(missing_docs, reason = "the messages say it")]
pub enum PlanError {
    #[error("`exclude` leaves out every cell of the experiment")]
    Empty,
    #[error("two cells would share the folder `{id}`")]
    SameFolder { id: String },
    #[error("`{first}` and `{second}` are the same cell: everything that determines their results is equal")]
    #[diagnostic(help("leave one of them out"))]
    SameCell { first: String, second: String },
    #[error("failed to read the image `{}` of a prompt", printable::path(path))]
    Image { path: PathBuf, source: io::Error },
}

impl Plan {
    /// The product of the experiment's axes without what it excludes.
    ///
    /// # Errors
    /// When nothing is left.
    pub fn new(experiment: &Experiment, models: &Identity) -> Result<Self, PlanError> {
        let cells = product(experiment, models)?;
        if cells.is_empty() {
            return Err(PlanError::Empty);
        }
        refuse_twins(&cells)?;
        Ok(Self { record: record(experiment, models, &cells), cells })
    }
}

fn refuse_twins(cells: &[Cell]) -> Result<(), PlanError> {
    let (mut ids, mut digests) = (HashSet::new(), HashMap::new());
    for Cell { id, digest, .. } in cells {
        if !ids.insert(id) {
            return Err(PlanError::SameFolder { id: id.clone() });
        }
        if let Some(first) = digests.insert(digest, id) {
            return Err(PlanError::SameCell { first: first.clone(), second: id.clone() });
        }
    }
    Ok(())
}

fn product(experiment: &Experiment, models: &Identity) -> Result<Vec<Cell>, PlanError> {
    let excluded = Excluded::of(experiment);
    let mut cells = Vec::new();
    for (p, prompt) in experiment.prompts.iter().enumerate() {
        let image = image_digest(prompt)?;
        let prompt = (prompt, image.as_deref());
        let seeds = seeds_of(&experiment.seeds, p);
        for (o, optimizer) in experiment.optimizers.iter().enumerate() {
            for (d, dream) in experiment.dreams.iter().enumerate() {
                for &(s, seed) in &seeds {
                    if !excluded.covers([p, o, d, s]) {
                        let cell =
                            |nudge| Cell::new(experiment, models, prompt, optimizer, dream, (seed, nudge));
                        cells.extend(experiment.nudges.clone().map(cell));
                    }
                }
            }
        }
    }
    Ok(cells)
}

/// The seeds of a prompt, each with its place among those of all prompts.
fn seeds_of(seeds: &Seeds, prompt: usize) -> Vec<(usize, u64)> {
    let first = match seeds {
        Seeds::Shared(_) => 0,
        Seeds::PerPrompt { .. } => prompt * seeds.per_prompt(),
    };
    (first..).zip(seeds.of_prompt(prompt)).collect()
}

/// Digest of a prompt's image: its content decides a cell's result, not its name.
fn image_digest(prompt: &PromptEntry) -> Result<Option<String>, PlanError> {
    let Some(path) = &prompt.image else { return Ok(None) };
    if prompt.image_sha256.is_some() {
        return Ok(prompt.image_sha256.clone());
    }
    let read = model_sets::digest_of_file(path);
    read.map(|file| Some(file.sha256)).map_err(|source| PlanError::Image { path: path.clone(), source })
}

fn record(experiment: &Experiment, models: &Identity, cells: &[Cell]) -> PlanRecord {
    let prompt =
        |prompt: &PromptEntry| PlannedPrompt { text: prompt.name(), class_name: prompt.class_name.clone() };
    PlanRecord {
        experiment: experiment.name.clone(),
        model_set: models.name.clone(),
        reproduces: models.reproduces.clone(),
        template: experiment.template.clone(),
        optimizers: experiment.optimizers.iter().map(Variant::label).collect(),
        seeds: experiment.seeds.of_prompts(experiment.prompts.len()),
        prompts: experiment.prompts.iter().map(prompt).collect(),
        cells: cells
            .iter()
            .map(|cell| PlannedCell {
                id: cell.id.clone(),
                digest: cell.digest.clone(),
                place: Some(PlannedPlace {
                    prompt: cell.prompt.name(),
                    optimizer: cell.optimizer_label.clone(),
                    seed: cell.seed,
                    axes: cell.axes.iter().map(|axis| (axis.name.clone(), axis.value.clone())).collect(),
                }),
            })
            .collect(),
        study: PlannedStudy {
            reference: experiment.study.reference.clone(),
            margin: experiment.study.margin,
        },
        files: FileDigests::new(),
    }
}
