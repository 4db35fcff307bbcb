//! Two results folders side by side: cells are matched by their paths.

mod cells;
mod differences;
mod optimizers;
mod words;

use std::path::Path;

use miette::Diagnostic;
use records::RecordError;
use serde::Serialize;
use thiserror::Error;

pub use self::cells::{CellPair, State};
pub use self::differences::Difference;
pub use self::optimizers::OptimizerPair;
use super::study::Study;

/// Two runs, as far as they have cells in common. Similarities are 100 × cosine of the final image
/// with its class name; differences are the right one's less the left one's.
#[derive(Clone, Debug, Serialize)]
pub struct Comparison {
    /// The first folder.
    pub left: Side,
    /// The second folder.
    pub right: Side,
    /// Differences in versions, devices and models.
    pub environment: Vec<Difference>,
    /// The settings of common cells that differ.
    pub settings: Vec<Difference>,
    /// The cells that both have begun, in the left one's order.
    pub cells: Vec<CellPair>,
    /// The optimizers over the cells that both finished; the last is all of them together.
    pub optimizers: Vec<OptimizerPair>,
    /// Cells that only the left one has begun.
    pub only_left: Vec<String>,
    /// Cells that only the right one has begun.
    pub only_right: Vec<String>,
}

/// One of the two.
#[derive(Clone, Debug, Serialize)]
pub struct Side {
    /// The results folder, as it was named.
    pub folder: String,
    /// The experiment's name.
    pub experiment: String,
    /// The model set.
    pub model_set: String,
    /// Cells finished.
    pub finished: usize,
    /// Cells of the plan.
    pub planned: usize,
    /// Damaged records that are left out, with the reasons.
    pub unreadable: Vec<String>,
}

/// Two folders that cannot be compared.
#[derive(Debug, Error, Diagnostic)]
#[expect(missing_docs, reason = "the messages say it")]
pub enum CompareError {
    #[error(transparent)]
    Record(#[from] RecordError),
    #[error("no cell of `{left}` has the path of one of `{right}`")]
    #[diagnostic(help(
        "cells are matched by their paths: the left ones are such as {left_example}, the right ones such as {right_example}"
    ))]
    NothingInCommon { left: String, right: String, left_example: String, right_example: String },
    #[error("failed to encode the comparison as CSV")]
    Csv(#[from] csv::Error),
}

impl Comparison {
    /// Compares the records in two results folders.
    ///
    /// # Errors
    /// When a record is unreadable, or no cell is in both.
    pub fn of(left: &Path, right: &Path) -> Result<Self, CompareError> {
        let (left, right) = (Study::read(left)?, Study::read(right)?);
        let pairs = cells::matched(&left, &right);
        if pairs.is_empty() {
            return Err(nothing_in_common(&left, &right));
        }
        Ok(Self {
            environment: differences::of_environments(&left, &right),
            settings: differences::of_settings(&pairs),
            cells: pairs.iter().map(|(left, right)| CellPair::of(left, right)).collect(),
            optimizers: optimizers::pairs(&left, &pairs),
            only_left: cells::only(&left, &right),
            only_right: cells::only(&right, &left),
            left: Side::of(&left),
            right: Side::of(&right),
        })
    }

    /// A row for each common cell.
    ///
    /// # Errors
    /// Never in practice: a text can always be written.
    pub fn csv(&self) -> Result<String, CompareError> {
        let bytes = cells::table(&self.cells).csv()?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }
}

impl Side {
    fn of(study: &Study) -> Self {
        Self {
            folder: study.folder.display().to_string(),
            experiment: study.experiment.clone(),
            model_set: study.model_set.clone(),
            finished: study.cells.iter().filter(|cell| cell.outcome().is_some()).count(),
            planned: study.planned,
            unreadable: study.unreadable.iter().map(|one| format!("{}: {}", one.name, one.reason)).collect(),
        }
    }
}

fn nothing_in_common(left: &Study, right: &Study) -> CompareError {
    let example = |study: &Study| {
        study
            .cells
            .first()
            .map_or("none, since none was begun".to_owned(), |cell| format!("`{}`", cell.record.id))
    };
    CompareError::NothingInCommon {
        left: left.folder.display().to_string(),
        right: right.folder.display().to_string(),
        left_example: example(left),
        right_example: example(right),
    }
}

#[cfg(test)]
mod tests;
