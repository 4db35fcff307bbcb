//! A cell on its way between memory and disk.

use std::collections::BTreeMap;

use bigsleep::{Dream, DreamError, DreamSpec, Dreamer};
use checkpoint::{CheckpointError, Weights};
use experiment::plan::Cell;
use records::{
    Best, CellFolder, CellStatus, Outcome, RecordError, ResultsFolder, TraceRow, write_atomically,
};
use tch::{Kind, Tensor};
use thiserror::Error;

use super::pictures::{eight_bits, png};
use super::snapshot::{Frame, Snapshot, to_host};

/// Ties a saved state to the settings that it belongs to.
const DIGEST: &str = "digest";
/// The best frame up to a saved state.
const BEST_STEP: &str = "best_step";
const BEST_SIMILARITY_LOSS: &str = "best_similarity_loss";

/// A cell that is being computed, but for its dream.
pub(super) struct Slot<'c> {
    pub(super) cell: &'c Cell,
    folder: CellFolder,
    rows: Vec<TraceRow>,
    /// Of the frames so far, where it is wanted.
    best: Option<Best>,
}

/// A cell cannot be begun, saved or finished.
#[derive(Debug, Error)]
pub(super) enum SaveError {
    #[error(transparent)]
    Record(#[from] RecordError),
    #[error(transparent)]
    Dream(#[from] DreamError),
    #[error(transparent)]
    State(#[from] CheckpointError),
    #[error(transparent)]
    Text(#[from] clip::TokenizeError),
    #[error("no thread can be started to write results")]
    Thread(#[source] std::io::Error),
    #[error("failed to encode an image")]
    Image(#[from] image::ImageError),
    #[error("the settings cannot be written as TOML")]
    Settings(#[from] toml::ser::Error),
}

impl<'c> Slot<'c> {
    /// Takes a cell up where it was left, or begins it.
    pub(super) fn open(
        dreamer: &Dreamer,
        cell: &'c Cell,
        results: &ResultsFolder,
    ) -> Result<(Self, Dream), SaveError> {
        let folder = results.cell(&cell.id);
        folder.remove_leftovers();
        folder.write_record(&cell.record(CellStatus::Unfinished)?)?;
        let spec = DreamSpec {
            prompt: cell.dream_prompt(),
            seed: cell.seed,
            optimizer: cell.optimizer.clone(),
            settings: cell.dream.clone(),
        };
        let mut slot = Self { cell, folder, rows: Vec::new(), best: None };
        let dream = match slot.resume(dreamer, &spec)? {
            Some(dream) => dream,
            None => dreamer.begin(&spec)?,
        };
        Ok((slot, dream))
    }

    /// The dream as it was saved, if it was, with the trace up to there: rows are saved before the state, so there may be
    /// some that the state knows nothing of, but none may be missing.
    fn resume(&mut self, dreamer: &Dreamer, spec: &DreamSpec) -> Result<Option<Dream>, SaveError> {
        let path = self.folder.state();
        if !path.is_file() {
            return Ok(None);
        }
        let state = Weights::open(&path)?;
        if state.metadata().get(DIGEST) != Some(&self.cell.digest) {
            tracing::warn!("the saved state is of other settings: beginning anew");
            return Ok(None);
        }
        let best = best_in(state.metadata());
        let dream = dreamer.resume(spec, state)?;
        let mut rows = self.folder.trace()?;
        if rows.len() > dream.step() as usize {
            rows.truncate(dream.step() as usize);
            self.folder.write_trace(&rows)?;
        }
        if rows.iter().map(|row| row.step).ne(1..=dream.step()) {
            tracing::warn!("the trace lacks steps that the saved state has taken: beginning anew");
            return Ok(None);
        }
        tracing::info!(step = dream.step(), "going on");
        self.rows = rows;
        self.best = best;
        Ok(Some(dream))
    }

    /// Takes over the rows of the steps since the last time, which took `seconds` together.
    pub(super) fn fetch(&mut self, dream: &mut Dream, seconds: f64) {
        let rows = dream.take_trace();
        let each = seconds / rows.len().max(1) as f64;
        for row in rows {
            let so_far = self.rows.last().map_or(0.0, |row| row.seconds);
            self.rows.push(TraceRow { step: row.step, loss: row.loss, seconds: so_far + each });
        }
    }

    /// The last row, if there is one.
    pub(super) fn last_row(&self) -> Option<&TraceRow> {
        self.rows.last()
    }

    /// All that is needed to go on from here, to be written. On a GPU the copies are under way: see [`Snapshot::write`].
    pub(super) fn snapshot(&self, dream: &mut Dream) -> Snapshot {
        let mut metadata = BTreeMap::from([(DIGEST.to_owned(), self.cell.digest.clone())]);
        if let Some(Best { step, similarity_loss }) = self.best {
            metadata.insert(BEST_STEP.to_owned(), step.to_string());
            metadata.insert(BEST_SIMILARITY_LOSS.to_owned(), similarity_loss.to_string()); // to the last bit
        }
        let state = dream.state().into_iter().map(|(name, tensor)| (name, to_host(&tensor))).collect();
        Snapshot { folder: self.folder.clone(), frame: None, rows: self.rows.clone(), state, metadata }
    }

    /// The same with the image of the averaged latents as they are now: `image [3, s, s]`, and its [`pixels`] on the host.
    pub(super) fn snapshot_with_frame(
        &mut self,
        dreamer: &Dreamer,
        dream: &mut Dream,
        image: &Tensor,
        pixels: Tensor,
    ) -> Snapshot {
        let step = dream.step();
        let best = self.cell.dream.save_best && {
            let similarity_loss = dreamer.similarity_term(image, dream);
            self.keep_if_best(Best { step, similarity_loss })
        };
        Snapshot { frame: Some(Frame { step, pixels, best }), ..self.snapshot(dream) }
    }

    /// Whoever takes the state of before finds this again.
    fn keep_if_best(&mut self, new: Best) -> bool {
        let better = |old: Best| new.similarity_loss < old.similarity_loss;
        let is_best = new.similarity_loss.is_finite() && self.best.is_none_or(better);
        if is_best {
            self.best = Some(new);
        }
        is_best
    }

    /// Judges the last image and records the cell as finished.
    pub(super) fn finish(&self, dreamer: &Dreamer, dream: &Dream) -> Result<CellStatus, SaveError> {
        let images = [dreamer.image(dream), dreamer.live_image(dream)];
        let [averaged, live] = images.each_ref().map(eight_bits);
        let text = embedding(dreamer, &self.cell.judged_text())?;
        let [cutouts_averaged, cutouts_live] =
            images.each_ref().map(|image| Some(dreamer.cutout_similarity(dream, image, &text)));
        let last = self.rows.last();
        let status = CellStatus::Finished(Outcome {
            steps: dream.step(),
            seconds: self.seconds(),
            similarity_averaged: similarity(dreamer, &averaged, &text),
            similarity_live: similarity(dreamer, &live, &text),
            cutouts_averaged,
            cutouts_live,
            final_loss: last.map(|row| row.loss).unwrap_or_default(),
            best: self.best,
        });
        write_atomically(&self.folder.final_image(), &png(&averaged)?)?;
        self.record(status)
    }

    /// Records that the cell diverged.
    pub(super) fn diverge(&self, at_step: u32) -> Result<CellStatus, SaveError> {
        self.record(CellStatus::Diverged { at_step, seconds: self.seconds() })
    }

    fn record(&self, status: CellStatus) -> Result<CellStatus, SaveError> {
        self.folder.write_record(&self.cell.record(status.clone())?)?;
        Ok(status)
    }

    fn seconds(&self) -> f64 {
        self.rows.last().map_or(0.0, |row| row.seconds)
    }
}

/// What [`Slot::save`] noted of the best frame.
fn best_in(metadata: &BTreeMap<String, String>) -> Option<Best> {
    let step = metadata.get(BEST_STEP)?.parse().ok()?;
    let similarity_loss = metadata.get(BEST_SIMILARITY_LOSS)?.parse().ok()?;
    Some(Best { step, similarity_loss })
}

/// Records that a cell failed.
pub(super) fn record_failure(results: &ResultsFolder, cell: &Cell, reason: &str) -> Result<(), SaveError> {
    let status = CellStatus::Failed { reason: reason.to_owned() };
    Ok(results.cell(&cell.id).write_record(&cell.record(status)?)?)
}

/// The embedding `[e]` of a text.
fn embedding(dreamer: &Dreamer, text: &str) -> Result<Tensor, SaveError> {
    let clip = dreamer.perceptor();
    let tokens = clip.tokenizer().encode_batch(&[text])?.to_device(dreamer.device());
    Ok(tch::no_grad(|| clip.encode_text(&tokens).to_kind(Kind::Float).get(0)))
}

/// The cosine of an image, as CLIP looks at images, with the embedding of a text.
fn similarity(dreamer: &Dreamer, image: &image::DynamicImage, text: &Tensor) -> f64 {
    let clip = dreamer.perceptor();
    let pixels = clip::preprocess(image, clip.image_size()).unsqueeze(0).to_device(dreamer.device());
    let image = tch::no_grad(|| clip.encode_image(&pixels).to_kind(Kind::Float));
    Tensor::cosine_similarity(&image, &text.unsqueeze(0), 1, 1e-8).double_value(&[0])
}
