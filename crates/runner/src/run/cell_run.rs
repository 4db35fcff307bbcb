//! A cell on its way between memory and disk.

use std::cell::OnceCell;
use std::collections::BTreeMap;

use bigsleep::{Dream, DreamError, DreamSpec, Dreamer};
use checkpoint::Weights;
use experiment::plan::Cell;
use judges::Ruler;
use records::{
    Best, CellFolder, CellRecord, CellStatus, FileDigests, LARGEST_RECORD, Machine, Outcome, RecordError,
    ResultsFolder, TraceRow, read_regular,
};
use tch::{Device, Tensor};

use super::failure::chain;
use super::fault::{self, Place};
use super::pictures::{eight_bits, png};
use super::save_error::SaveError;
use super::snapshot::{Frame, Snapshot, to_host};

/// Ties a saved state to the settings that it belongs to.
const DIGEST: &str = "digest";
/// The best frame up to a saved state.
const BEST_STEP: &str = "best_step";
const BEST_SIMILARITY_LOSS: &str = "best_similarity_loss";
/// Embeddings of the live latents' images up to a saved state, and their steps.
const LIVE: &str = "live";
const LIVE_STEPS: &str = "live_steps";

/// A cell that is being computed, but for its dream.
pub(super) struct CellRun<'c> {
    pub(super) cell: &'c Cell,
    folder: CellFolder,
    rows: Vec<TraceRow>,
    /// Steps after which frames were saved, with the embedding `[1, e]` of the live latents' image
    /// then: it can be compared with any text.
    live: Vec<(u32, Tensor)>,
    /// The embedding `[1, e]` of the text that images are compared with, once it was needed.
    text: OnceCell<Tensor>,
    /// Of the frames so far, where it is wanted.
    best: Option<Best>,
    /// The digest that its saved state may carry, too.
    former_digest: Option<String>,
    /// The machines that computed it, this one last.
    machines: Vec<Machine>,
}

impl<'c> CellRun<'c> {
    /// Takes a cell up where it was left, or begins it.
    pub(super) fn open(
        dreamer: &Dreamer,
        cell: &'c Cell,
        results: &ResultsFolder,
        machine: &Machine,
    ) -> Result<(Self, Dream), SaveError> {
        let folder = results.cell(&cell.id);
        folder.remove_leftovers();
        let Kept { former_digest, machines } = Kept::of(&folder);
        let spec = spec(cell);
        let mut cell_run = Self {
            cell,
            folder,
            rows: Vec::new(),
            live: Vec::new(),
            text: OnceCell::new(),
            best: None,
            former_digest,
            machines: machine.clone().after(machines),
        };
        cell_run.write_record(CellStatus::Unfinished, FileDigests::new())?;
        if let Some(dream) = cell_run.resume(dreamer, &spec)? {
            return Ok((cell_run, dream));
        }
        if 1 < cell_run.machines.len() {
            // Nothing is left of what the others computed.
            cell_run.machines = vec![machine.clone()];
            cell_run.write_record(CellStatus::Unfinished, FileDigests::new())?;
        }
        Ok((cell_run, begin(dreamer, cell)?))
    }

    /// The dream as it was saved, if it was, with the trace up to there: rows are saved before the
    /// state, so there may be some that the state knows nothing of, but none may be missing.
    fn resume(&mut self, dreamer: &Dreamer, spec: &DreamSpec) -> Result<Option<Dream>, SaveError> {
        let path = self.folder.state();
        if !path.is_file() {
            return Ok(None);
        }
        let state = match Weights::open(&path) {
            Ok(state) => state,
            Err(error) => return anew(&format!("the saved state cannot be read: {}", chain(&error))),
        };
        let digest = state.metadata().get(DIGEST);
        if digest != Some(&self.cell.digest) && (digest.is_none() || digest != self.former_digest.as_ref()) {
            return anew("the saved state is of other settings");
        }
        let best = best_in(state.metadata());
        let live = live_in(&state);
        let dream = match dreamer.resume(spec, state) {
            Err(error @ (DreamError::State(_) | DreamError::Damaged { .. })) => return anew(&chain(&error)),
            resumed => resumed?,
        };
        let mut rows = match self.folder.trace() {
            Err(error) if error.is_damage() => return anew(&chain(&error)),
            rows => rows?,
        };
        if spec.settings.steps() < dream.step() || rows.len() < dream.step() as usize {
            return anew("the trace lacks steps that the saved state has taken");
        }
        if rows.len() > dream.step() as usize {
            rows.truncate(dream.step() as usize);
            self.folder.write_trace(&rows)?;
        }
        if let Some(step) = self.lost_frame(dream.step()) {
            return anew(&format!("the image of step {step} is missing or damaged"));
        }
        tracing::info!(step = dream.step(), "going on");
        self.rows = rows;
        self.live = live;
        self.best = best;
        Ok(Some(dream))
    }

    /// The first of the frames up to `step` that is not there as an image, but for the last of all,
    /// which [`Self::finish`] draws.
    fn lost_frame(&self, step: u32) -> Option<u32> {
        let settings = &self.cell.dream;
        let due = (1..=step / settings.save_every).map(|n| n * settings.save_every);
        due.filter(|step| *step < settings.steps())
            .find(|step| !CellFolder::has_image(&self.folder.frame(*step)))
    }

    /// Draws what is missing of the images that the last frames are copies of.
    fn complete_frames(&self, last: &[u8], step: u32) -> Result<(), SaveError> {
        let path = self.folder.frame(step);
        if !CellFolder::has_image(&path) {
            self.folder.write(&path, last)?;
        }
        let Some(best) = self.best else { return Ok(()) };
        let path = self.folder.frame(best.step);
        let frame =
            read_regular(&path, LARGEST_RECORD).map_err(|source| RecordError::Read { path, source })?;
        let there = read_regular(&self.folder.best_image(), LARGEST_RECORD);
        if there.is_ok_and(|image| image == frame) {
            return Ok(());
        }
        Ok(self.folder.write(&self.folder.best_image(), &frame)?)
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

    /// How another run has ended the cell since this one took it up, if any has.
    pub(super) fn ended_elsewhere(&self) -> Option<CellStatus> {
        let record = self.folder.record().ok().flatten()?;
        (record.digest == self.cell.digest && record.status.is_final()).then_some(record.status)
    }

    /// Its folder.
    pub(super) fn folder(&self) -> &CellFolder {
        &self.folder
    }

    /// The last row, if there is one.
    pub(super) fn last_row(&self) -> Option<&TraceRow> {
        self.rows.last()
    }

    /// All that is needed to go on from here, to be written. On a GPU the copies are under way: see
    /// [`Snapshot::write`].
    ///
    /// # Errors
    /// When an optimizer in Python does not give its state.
    pub(super) fn snapshot(&self, dream: &mut Dream) -> Result<Snapshot, SaveError> {
        let mut metadata = BTreeMap::from([(DIGEST.to_owned(), self.cell.digest.clone())]);
        if let Some(Best { step, similarity_loss }) = self.best {
            metadata.insert(BEST_STEP.to_owned(), step.to_string());
            metadata.insert(BEST_SIMILARITY_LOSS.to_owned(), similarity_loss.to_string()); // to the last bit
        }
        let state = dream.state()?.into_iter().map(|(name, tensor)| (name, to_host(&tensor)));
        let state = state.chain(self.live_state()).collect();
        Ok(Snapshot { folder: self.folder.clone(), frame: None, rows: self.rows.clone(), state, metadata })
    }

    /// Takes a snapshot with the image of the averaged latents as they are now: `image [3, s, s]`,
    /// and its [`pixels`] on the host.
    pub(super) fn snapshot_with_frame(
        &mut self,
        dreamer: &Dreamer,
        dream: &mut Dream,
        image: &Tensor,
        pixels: Tensor,
    ) -> Result<Snapshot, SaveError> {
        let step = dream.step();
        let _seen = self.look(dreamer, step, &dreamer.live_image(dream));
        let best = self.cell.dream.save_best && {
            let similarity_loss = dreamer.similarity_term(image, dream);
            self.keep_if_best(Best { step, similarity_loss })
        };
        Ok(Snapshot { frame: Some(Frame { step, pixels, best }), ..self.snapshot(dream)? })
    }

    /// Keeps the perceptor's embedding `[1, e]` of the live latents' image `[3, s, s]` after `step`
    /// steps, and returns it.
    fn look(&mut self, dreamer: &Dreamer, step: u32, image: &Tensor) -> Tensor {
        let seen = embedding(dreamer, &eight_bits(image));
        self.live.retain(|(earlier, _)| *earlier < step);
        self.live.push((step, seen.to_device(Device::Cpu)));
        seen
    }

    /// The live latents' embeddings, to be saved: `live [n, e]` and `live_steps [n]`.
    fn live_state(&self) -> Vec<(String, Tensor)> {
        if self.live.is_empty() {
            return Vec::new();
        }
        let steps: Vec<i64> = self.live.iter().map(|(step, _)| i64::from(*step)).collect();
        let seen: Vec<&Tensor> = self.live.iter().map(|(_, seen)| seen).collect();
        vec![(LIVE.to_owned(), Tensor::cat(&seen, 0)), (LIVE_STEPS.to_owned(), Tensor::from_slice(&steps))]
    }

    /// Similarities of the live latents with `text [1, e]`, by steps, as far as they are numbers.
    fn live_similarities(&self, text: &Tensor) -> Vec<(u32, f64)> {
        let measured =
            self.live.iter().map(|(step, seen)| (*step, Ruler::cosine(&seen.to_device(text.device()), text)));
        measured.filter(|(_, similarity)| similarity.is_finite()).collect()
    }

    fn text(&self, dreamer: &Dreamer) -> Result<Tensor, SaveError> {
        if let Some(text) = self.text.get() {
            return Ok(text.shallow_clone());
        }
        let text = Ruler::of(dreamer.ruler()).text(&self.cell.judged_text())?;
        Ok(self.text.get_or_init(|| text).shallow_clone())
    }

    /// Replayed when an earlier state is restored.
    fn keep_if_best(&mut self, new: Best) -> bool {
        let better = |old: Best| new.similarity_loss < old.similarity_loss;
        let is_best = new.similarity_loss.is_finite() && self.best.is_none_or(better);
        if is_best {
            self.best = Some(new);
        }
        is_best
    }

    /// Judges the last image and records the cell as finished.
    pub(super) fn finish(&mut self, dreamer: &Dreamer, dream: &Dream) -> Result<CellStatus, SaveError> {
        fault::at(Place::Finish, [&self.folder]);
        let images = [dreamer.image(dream), dreamer.live_image(dream)];
        let averaged = eight_bits(&images[0]);
        let text = self.text(dreamer)?;
        // Latents that are finite may still be too large for the generator's numbers to be so.
        let cutouts =
            |image| Some(dreamer.cutout_similarity(dream, image, &text.get(0))).filter(|one| one.is_finite());
        let [cutouts_averaged, cutouts_live] = images.each_ref().map(cutouts);
        let similarity_live = Ruler::cosine(&self.look(dreamer, dream.step(), &images[1]), &text);
        let last = self.rows.last();
        let status = CellStatus::Finished(Outcome {
            steps: dream.step(),
            seconds: self.seconds(),
            similarity_averaged: similarity(dreamer, &averaged, &text),
            similarity_live,
            cutouts_averaged,
            cutouts_live,
            final_loss: last.map(|row| row.loss).unwrap_or_default(),
            best: self.best,
            live: self.live_similarities(&text),
        });
        let file = png(&averaged)?;
        self.folder.write(&self.folder.final_image(), &file)?;
        self.complete_frames(&file, dream.step())?;
        self.record(status)
    }

    /// Records that the cell diverged.
    pub(super) fn diverge(&self, dreamer: &Dreamer, at_step: u32) -> Result<CellStatus, SaveError> {
        let begun = dreamer.live_image(&begin(dreamer, self.cell)?);
        let initial = similarity(dreamer, &eight_bits(&begun), &self.text(dreamer)?);
        self.record(CellStatus::Diverged {
            at_step,
            seconds: self.seconds(),
            similarity_initial: Some(initial).filter(|initial| initial.is_finite()),
        })
    }

    fn record(&self, status: CellStatus) -> Result<CellStatus, SaveError> {
        self.write_record(status.clone(), self.folder.digests()?)?;
        Ok(status)
    }

    fn write_record(&self, status: CellStatus, files: FileDigests) -> Result<(), SaveError> {
        let (former_digest, machines) = (self.former_digest.clone(), self.machines.clone());
        let record = CellRecord { files, former_digest, machines, ..self.cell.record(status)? };
        Ok(self.folder.write_record(&record)?)
    }

    fn seconds(&self) -> f64 {
        self.rows.last().map_or(0.0, |row| row.seconds)
    }
}

/// The cell's dream before its first step.
fn begin(dreamer: &Dreamer, cell: &Cell) -> Result<Dream, DreamError> {
    let dream = dreamer.begin(&spec(cell))?;
    Ok(if cell.nudge == 0 { dream } else { dream.nudged(cell.nudge) })
}

fn spec(cell: &Cell) -> DreamSpec {
    DreamSpec {
        prompt: cell.dream_prompt(),
        seed: cell.seed,
        optimizer: cell.optimizer.clone(),
        settings: cell.dream.clone(),
    }
}

/// Says why the cell does not go on from what was saved of it.
fn anew(reason: &str) -> Result<Option<Dream>, SaveError> {
    tracing::warn!("{reason}: beginning anew");
    Ok(None)
}

/// The best frame, as [`CellRun::snapshot`] noted it.
fn best_in(metadata: &BTreeMap<String, String>) -> Option<Best> {
    let step = metadata.get(BEST_STEP)?.parse().ok()?;
    let similarity_loss = metadata.get(BEST_SIMILARITY_LOSS)?.parse().ok()?;
    Some(Best { step, similarity_loss })
}

/// The live latents' embeddings in a saved state; none in one of an older version.
fn live_in(state: &Weights) -> Vec<(u32, Tensor)> {
    let (Some(seen), Some(steps)) = (state.remove(LIVE), state.remove(LIVE_STEPS)) else { return Vec::new() };
    let steps = Vec::<i64>::try_from(steps).unwrap_or_default();
    let fits = seen.dim() == 2 && seen.size()[0] == steps.len() as i64;
    let one = |(row, step): (i64, i64)| Some((u32::try_from(step).ok()?, seen.narrow(0, row, 1)));
    if fits { (0..).zip(steps).filter_map(one).collect() } else { Vec::new() }
}

/// Records that a cell failed.
pub(super) fn record_failure(results: &ResultsFolder, cell: &Cell, reason: &str) -> Result<(), SaveError> {
    let folder = results.cell(&cell.id);
    let mut record = cell.record(CellStatus::Failed { reason: reason.to_owned() })?;
    let Kept { former_digest, machines } = Kept::of(&folder);
    (record.former_digest, record.machines) = (former_digest, machines);
    Ok(folder.write_record(&record)?)
}

/// The part of a cell's record that the next one keeps.
#[derive(Default)]
struct Kept {
    former_digest: Option<String>,
    machines: Vec<Machine>,
}

impl Kept {
    fn of(folder: &CellFolder) -> Self {
        let record = folder.record().ok().flatten();
        record.map_or_else(Self::default, |record| Self {
            former_digest: record.former_digest,
            machines: record.machines,
        })
    }
}

/// The embedding `[1, e]` of an image, as CLIP looks at images.
fn embedding(dreamer: &Dreamer, image: &image::DynamicImage) -> Tensor {
    let pixels = clip::preprocess(image, dreamer.ruler().image_size());
    Ruler::of(dreamer.ruler()).image(&pixels)
}

/// The cosine of an image with the embedding `[1, e]` of a text.
fn similarity(dreamer: &Dreamer, image: &image::DynamicImage, text: &Tensor) -> f64 {
    Ruler::cosine(&embedding(dreamer, image), text)
}
