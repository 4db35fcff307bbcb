use std::collections::HashSet;
use std::io;
use std::path::PathBuf;

use miette::Diagnostic;
use model_sets::Identity;
use records::{FileDigests, PlanRecord, PlannedCell, PlannedPrompt};
use thiserror::Error;
use toml::Value;

use super::Cell;
use crate::{Experiment, PromptEntry, Variant};

/// The cells of an experiment, in its order: prompts, then optimizers, then further settings, then seeds.
#[derive(Clone, Debug)]
pub struct Plan {
    /// What a results folder records of it.
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
    #[error("failed to read the image `{}` of a prompt", path.display())]
    #[diagnostic(help("its path is relative to the folder that the program is started in"))]
    Image { path: PathBuf, source: io::Error },
}

impl Plan {
    /// The product of the experiment's axes without what it excludes.
    ///
    /// # Errors
    /// When nothing is left.
    pub fn new(experiment: &Experiment, models: &Identity) -> Result<Self, PlanError> {
        let mut cells = product(experiment, models)?;
        cells.retain(|cell| !is_excluded(experiment, cell));
        if cells.is_empty() {
            return Err(PlanError::Empty);
        }
        let mut ids = HashSet::new();
        if let Some(cell) = cells.iter().find(|cell| !ids.insert(&cell.id)) {
            return Err(PlanError::SameFolder { id: cell.id.clone() });
        }
        Ok(Self { record: record(experiment, models, &cells), cells })
    }
}

fn product(experiment: &Experiment, models: &Identity) -> Result<Vec<Cell>, PlanError> {
    let mut cells = Vec::new();
    for prompt in &experiment.prompts {
        let image = image_digest(prompt)?;
        let prompt = (prompt, image.as_deref());
        for optimizer in &experiment.optimizers {
            for dream in &experiment.dreams {
                for &seed in &experiment.seeds {
                    cells.push(Cell::new(experiment, models, prompt, optimizer, dream, seed));
                }
            }
        }
    }
    Ok(cells)
}

/// What a prompt's image shows decides a cell's result, not what its file is called.
fn image_digest(prompt: &PromptEntry) -> Result<Option<String>, PlanError> {
    let Some(path) = &prompt.image else { return Ok(None) };
    let read = model_sets::digest_of_file(path);
    read.map(|file| Some(file.sha256)).map_err(|source| PlanError::Image { path: path.clone(), source })
}

fn is_excluded(experiment: &Experiment, cell: &Cell) -> bool {
    let prompt = [Value::from(cell.prompt.text.as_str())];
    let optimizer = [Value::from(cell.optimizer.name()), Value::from(cell.optimizer_label.as_str())];
    let seed = [i64::try_from(cell.seed).map_or(Value::Boolean(false), Value::Integer)];
    experiment.exclude.iter().any(|exclusion| {
        exclusion.covers(|key| match key {
            "prompt" => prompt.iter().collect(),
            "optimizer" => optimizer.iter().collect(),
            "seed" => seed.iter().collect(),
            name => cell.axes.iter().filter(|axis| axis.name == name).map(|axis| &axis.value).collect(),
        })
    })
}

fn record(experiment: &Experiment, models: &Identity, cells: &[Cell]) -> PlanRecord {
    let prompt =
        |prompt: &PromptEntry| PlannedPrompt { text: prompt.name(), class_name: prompt.class_name.clone() };
    PlanRecord {
        experiment: experiment.name.clone(),
        model_set: models.name.clone(),
        template: experiment.template.clone(),
        optimizers: experiment.optimizers.iter().map(Variant::label).collect(),
        seeds: experiment.seeds.clone(),
        prompts: experiment.prompts.iter().map(prompt).collect(),
        cells: cells
            .iter()
            .map(|cell| PlannedCell { id: cell.id.clone(), digest: cell.digest.clone() })
            .collect(),
        files: FileDigests::new(),
    }
}
