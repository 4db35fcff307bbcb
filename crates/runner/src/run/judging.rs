use std::path::PathBuf;
use std::thread;

use clip::Picture;
use experiment::plan::{Cell, digest};
use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use judges::{EvalRequest, EvaluationError, Judges, Labels, LoadedJudges};
use records::{
    CellFolder, CellStatus, CurveRow, Evaluation, FRAMES, LARGEST_RECORD, LabelSet, ResultsFolder,
    judged_files, read_regular,
};
use serde_json::json;
use sha2::{Digest, Sha256};

use super::{Assignment, CancellationToken};

/// Changes when the same judges come to say something else, so that old records are not taken for
/// new ones.
const COMPUTATION: u32 = 1;

/// Judges look at the final images of a run.
pub struct JudgingStage<'p> {
    /// The judges.
    pub judges: &'p Judges<'p>,
    /// Labels that images are compared with.
    pub labels: &'p Labels,
    /// The results folder.
    pub results: &'p ResultsFolder,
    /// The device, and how many threads: on a CPU they decide how sums round, so they must not
    /// change from run to run.
    pub on: Assignment,
    /// The token that cancels it.
    pub stop: &'p CancellationToken,
    /// Progress bars.
    pub bars: &'p MultiProgress,
}

/// A final image that has not been judged as it would be now.
struct Due<'c> {
    cell: &'c Cell,
    folder: CellFolder,
    request: EvalRequest,
    digest: String,
    /// Similarities of the live latents, by steps.
    live: Vec<(u32, f64)>,
}

impl JudgingStage<'_> {
    /// Judges the final images of those of `cells` that have finished and were not judged, or not
    /// like this. Returns how many are still to be judged, which is none unless cancellation was
    /// requested.
    ///
    /// # Errors
    /// When a judge cannot be loaded, or after all others have been judged, the first image that
    /// could not be.
    pub fn run(&self, cells: &[&Cell]) -> Result<usize, EvaluationError> {
        let mut due = Vec::new();
        for cell in cells {
            due.extend(self.due(cell)?);
        }
        if due.is_empty() || self.stop.is_canceled() {
            return Ok(due.len());
        }
        self.results.write_labels(&LabelSet {
            set: self.labels.set.clone(),
            template: self.labels.template.clone(),
            labels: self.labels.names.clone(),
        })?;
        thread::scope(|scope| {
            let work = || {
                tch::set_num_threads(i32::try_from(self.on.threads).unwrap_or(i32::MAX));
                self.judge(&due)
            };
            let thread = thread::Builder::new().name("judges".into()).spawn_scoped(scope, work);
            let ended = thread.map_err(EvaluationError::Thread)?.join();
            ended.unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        })
    }

    fn due<'c>(&self, cell: &'c Cell) -> Result<Option<Due<'c>>, EvaluationError> {
        let folder = self.results.cell(&cell.id);
        // A cell that cannot be read has not finished: the report names it.
        let Ok(Some(record)) = folder.record() else { return Ok(None) };
        let CellStatus::Finished(outcome) = record.status else { return Ok(None) };
        let path = folder.final_image();
        let image =
            read_regular(&path, LARGEST_RECORD).map_err(|source| EvaluationError::Read { path, source })?;
        let classes = self.judges.classes();
        let request = request(cell, self.labels, &classes);
        if let (Some(declared), None) = (&cell.prompt.segment, &request.segment)
            && !classes.is_empty()
        {
            tracing::warn!(prompt = cell.prompt.text, "the segmenter has no class `{declared}`");
        }
        let frames = match record.files.get(FRAMES) {
            Some(digest) => Some(digest.clone()),
            None => folder.digest_of_frames().ok(), // an older version's record has none
        };
        let digest = self.digest((&image, frames.as_deref(), &outcome.live), &request, &classes);
        // A record that is none is written anew: nothing in it was anybody's own.
        let judged = folder.evaluation().ok().flatten().is_some_and(|judged| judged.digest == digest);
        let complete = self.judges.segmenter_digests().is_none() || folder.mask().is_file();
        let intact = folder.judges_damages().is_empty();
        Ok((!judged || !complete || !intact).then_some(Due {
            cell,
            folder,
            request,
            digest,
            live: outcome.live,
        }))
    }

    fn digest(
        &self,
        (image, frames, live): (&[u8], Option<&str>, &[(u32, f64)]),
        request: &EvalRequest,
        classes: &[String],
    ) -> String {
        let image: String = Sha256::digest(image).iter().map(|byte| format!("{byte:02x}")).collect();
        let EvalRequest { texts, right_label, segment } = request;
        let judges = self.judges;
        digest(&json!({
            "computation": COMPUTATION,
            "image": image,
            "frames": frames,
            "live": live,
            "perceptor": judges.perceptor_digest(),
            "judge": judges.judge_digests(),
            "segmenter": judges.segmenter_digests(),
            "classes": classes,
            "labels": self.labels.names,
            "template": self.labels.template,
            "texts": texts,
            "right_label": right_label,
            "segment": segment,
        }))
    }

    fn judge(&self, due: &[Due<'_>]) -> Result<usize, EvaluationError> {
        let panel = LoadedJudges::load(self.judges, self.labels, self.on.device)?;
        let bar = self.bars.add(ProgressBar::new(due.len() as u64));
        let style =
            ProgressStyle::with_template("{bar:24} {pos}/{len} images judged  {elapsed_precise}  {msg}");
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        let (left, first_error) = each(due, self.stop, |one| {
            bar.set_message(one.cell.id.clone());
            let judged = shielded(one.folder.final_image(), || self.judge_one(&panel, one));
            if let Err(error) = &judged {
                tracing::error!(cell = one.cell.id, %error, "its image was not judged");
            }
            bar.inc(1);
            judged
        });
        bar.finish_and_clear();
        tracing::info!(images = due.len() - left, "judged");
        first_error.map_or(Ok(left), Err)
    }

    /// The mask first: an evaluation that is there is complete.
    fn judge_one(&self, panel: &LoadedJudges, due: &Due<'_>) -> Result<(), EvaluationError> {
        let Due { folder, request, .. } = due;
        folder.remove_leftovers();
        let path = folder.final_image();
        let judgment = panel.look(&Picture::open(&path)?, request);
        let (segments, mask) = match judgment.segments {
            Some((segments, mask)) => {
                let png =
                    mask.png().map_err(|source| EvaluationError::Mask { path: path.clone(), source })?;
                folder.write(&folder.mask(), &png)?;
                (Some(segments), Some(png))
            }
            None => (None, None),
        };
        let image =
            read_regular(&path, LARGEST_RECORD).map_err(|source| EvaluationError::Read { path, source })?;
        let curve = folder.write_curve(&curve(panel, due)?)?;
        folder.write_evaluation(&Evaluation {
            digest: due.digest.clone(),
            label_set: self.labels.set.clone(),
            labels: self.labels.names.len(),
            template: self.labels.template.clone(),
            right_label: request.right_label.clone(),
            perceptor: judgment.perceptor,
            judge: judgment.judge,
            segments,
            files: judged_files(&image, mask.as_deref(), Some(&curve)),
        })?;
        Ok(())
    }
}

/// Judges one after the other, whatever becomes of each, until cancellation is requested. Returns
/// how many are left, and the first error.
fn each<'d, T>(
    due: &'d [T],
    stop: &CancellationToken,
    mut judge: impl FnMut(&'d T) -> Result<(), EvaluationError>,
) -> (usize, Option<EvaluationError>) {
    let (mut left, mut first_error) = (due.len(), None);
    for one in due {
        if stop.is_canceled() {
            break;
        }
        first_error = first_error.or(judge(one).err());
        left -= 1;
    }
    (left, first_error)
}

/// A panic while an image is judged is an error of that image.
fn shielded(
    image: PathBuf,
    judge: impl FnOnce() -> Result<(), EvaluationError>,
) -> Result<(), EvaluationError> {
    let failed = |message| EvaluationError::Panic { path: image, message };
    torch_ext::catch_panic(judge).map_err(failed).flatten()
}

/// The cell's curve: similarities of its frames by the perceptor and by the held-out judge, beside
/// those of the live latents, which the run measured.
fn curve(panel: &LoadedJudges, due: &Due<'_>) -> Result<Vec<CurveRow>, EvaluationError> {
    let live = |step: u32| due.live.iter().find(|(measured, _)| *measured == step).map(|(_, live)| *live);
    let similarities = panel.similarities(&due.request);
    let row = |(step, path): (u32, PathBuf)| {
        let [averaged, judge] = similarities.of(&Picture::open(&path)?);
        Ok(CurveRow { step, averaged, live: live(step), judge })
    };
    due.folder.frames().into_iter().map(row).collect()
}

/// The question about the final image of `cell`; `classes` are the segmenter's, empty without a
/// segmenter.
fn request(cell: &Cell, labels: &Labels, classes: &[String]) -> EvalRequest {
    let prompt = &cell.prompt;
    let known = |name: &&String| classes.contains(name);
    // Model sets differ in what their segmenters know: a name that is declared for one may mean
    // nothing to another.
    let names = prompt.segment.iter().chain([&prompt.text, &prompt.class_name]);
    EvalRequest {
        texts: vec![cell.judged_text()],
        right_label: Some(&prompt.class_name).filter(|name| labels.has(name)).cloned(),
        segment: names.into_iter().find(known).cloned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The panic comes while gradients are off, as they are while images are judged.
    #[test]
    fn a_panic_costs_one_image_and_leaves_gradients_on() {
        let names = ["first", "bad", "last"];
        let mut judged = Vec::new();
        let (left, error) = each(&names, &CancellationToken::default(), |name| {
            shielded(PathBuf::from(name), || {
                torch_ext::no_grad(|| {
                    assert!(*name != "bad", "a picture that libtorch cannot take");
                    judged.push(*name);
                    Ok(())
                })
            })
        });
        assert_eq!((left, judged), (0, vec!["first", "last"]));
        let error = error.expect("the panic is told").to_string();
        assert!(error.contains("bad"), "{error}");
        let x = tch::Tensor::from(2.0).set_requires_grad(true);
        assert!((&x * &x).requires_grad());
    }

    #[test]
    fn nothing_is_judged_after_cancellation() {
        let stop = CancellationToken::default();
        let (left, error) = each(&[1, 2, 3], &stop, |_| {
            stop.cancel();
            Ok(())
        });
        assert_eq!((left, error.is_none()), (2, true));
    }
}
