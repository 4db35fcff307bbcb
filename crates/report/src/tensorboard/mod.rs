//! Event files for TensorBoard, on request: a run for every cell, with its losses and similarity by
//! step and its images.
//!
//! ```text
//! tensorboard --logdir results/optimizers/tensorboard
//! ```
//!
//! Event times are seconds of computing, so that the same records give the same bytes;
//! TensorBoard's axis "relative" is then true.

mod event;
mod record;

use std::path::{Path, PathBuf};

use rayon::prelude::*;
use records::{CosineScale, LARGEST_RECORD, RecordError, TraceRow, read_regular, write_atomically};

use self::event::{Event, Image};
use super::ReportError;
use super::study::{Cell, Study};
use crate::draw::image_size;

/// TensorBoard takes every file for its own whose name has `tfevents` in it.
const FILE: &str = "events.out.tfevents.0.dreambench";

/// Writes the event files of the results folder `results` into its folder `tensorboard`, which it
/// returns.
///
/// # Errors
/// When a record is unreadable, or a file cannot be written.
pub fn write_tensorboard(results: &Path) -> Result<PathBuf, ReportError> {
    let study = Study::read(results)?;
    let folder = results.join("tensorboard");
    study.cells.par_iter().try_for_each(|cell| -> Result<(), ReportError> {
        let bytes = record::file(&events(cell)?);
        Ok(write_atomically(&folder.join(&cell.record.id).join(FILE), &bytes)?)
    })?;
    Ok(folder)
}

/// All there is to tell of a cell, in the order of steps.
fn events(cell: &Cell) -> Result<Vec<Event>, ReportError> {
    let mut events = vec![Event::version()];
    let scale = cell.record.cosine_scale();
    events.extend(cell.trace.iter().map(|row| step(row, &scale)));
    let seconds = |step: u32| {
        let row = cell.trace.iter().rev().find(|row| row.step <= step);
        row.map_or(0.0, |row| row.seconds)
    };
    for (step, path) in &cell.frames {
        events.push(Event::image(seconds(*step), *step, "image", image(path)?));
    }
    if let Some(outcome) = cell.outcome() {
        let scalars = [
            ("similarity/image_of_averaged_latents", 100.0 * outcome.similarity_averaged),
            ("similarity/image_of_live_latents", 100.0 * outcome.similarity_live),
        ];
        let scalars = scalars.map(|(tag, value)| (tag, value as f32));
        events.push(Event::scalars(seconds(outcome.steps), outcome.steps, &scalars));
    }
    events.sort_by_key(Event::step); // stable: the version stays first
    Ok(events)
}

fn step(row: &TraceRow, scale: &CosineScale) -> Event {
    let terms = row.loss.iter().map(|(name, value)| (format!("loss/{name}"), value));
    let cosine = (100.0 * scale.cosine(row.loss.similarity)) as f32;
    let scalars: Vec<_> = terms.chain([("similarity/cutouts".to_owned(), cosine)]).collect();
    Event::scalars(row.seconds, row.step, &scalars)
}

/// A PNG as it is.
fn image(path: &Path) -> Result<Image, ReportError> {
    let (width, height) = image_size(path)?;
    let png = read_regular(path, LARGEST_RECORD)
        .map_err(|source| RecordError::Read { path: path.to_owned(), source })?;
    Ok(Image::png(width, height, png))
}

#[cfg(test)]
mod tests;
