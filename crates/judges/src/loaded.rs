use clip::Picture;
use records::{Segments, Verdict};
use tch::{Device, Tensor};

use super::clip_judge::ClipJudge;
use super::segmenter::{Mask, Segmenter};
use super::{EvalRequest, EvaluationError, Judges, Labels};

/// The judges, loaded.
pub struct LoadedJudges {
    perceptor: ClipJudge,
    judge: Option<ClipJudge>,
    segmenter: Option<Segmenter>,
}

/// The judges' evaluation of an image.
#[derive(Clone, Debug)]
pub struct Judgment {
    /// Verdict of the perceptor.
    pub perceptor: Verdict,
    /// Cosines that the perceptor gives the image with the request's texts.
    pub perceptor_texts: Vec<Option<f64>>,
    /// Verdict of the held-out judge, if there is one.
    pub judge: Option<Verdict>,
    /// Cosines that the held-out judge gives; empty if there is none.
    pub judge_texts: Vec<Option<f64>>,
    /// Segments and mask of the segmenter, if there is one.
    pub segments: Option<(Segments, Mask)>,
}

/// A text that images are compared with, one after the other.
pub struct Similarities<'p> {
    loaded: &'p LoadedJudges,
    perceptor: Option<Tensor>,
    judge: Option<Tensor>,
}

impl Similarities<'_> {
    /// Cosines of an image with the text, by the perceptor and by the held-out judge: nothing where
    /// there is no judge, or where the text is too long for it.
    pub fn of(&self, image: &Picture) -> [Option<f64>; 2] {
        let by = |clip_judge: &ClipJudge, text: &Option<Tensor>| {
            Some(clip_judge.similarity(image, text.as_ref()?))
        };
        let judge = self.loaded.judge.as_ref();
        [by(&self.loaded.perceptor, &self.perceptor), judge.and_then(|judge| by(judge, &self.judge))]
    }
}

impl LoadedJudges {
    /// Loads them onto a device.
    ///
    /// # Errors
    /// When one cannot be loaded, or cannot read the labels.
    pub fn load(judges: &Judges, labels: &Labels, device: Device) -> Result<Self, EvaluationError> {
        torch_ext::tf32::forbid();
        let set = judges.set;
        let judge = judges.judge.as_ref();
        let judge = judge
            .map(|installed_model| ClipJudge::load("judge", set, installed_model.component, labels, device));
        let segmenter = judges.segmenter.as_ref();
        let segmenter = segmenter
            .map(|installed_model| Segmenter::load(set, installed_model.component, judges.classes(), device));
        Ok(Self {
            perceptor: ClipJudge::load("perceptor", set, &set.manifest.perceptor, labels, device)?,
            judge: judge.transpose()?,
            segmenter: segmenter.transpose()?,
        })
    }

    /// The similarities of many images with the request's first text.
    pub fn similarities(&self, request: &EvalRequest) -> Similarities<'_> {
        let text = request.texts.first();
        let of = |clip_judge: &ClipJudge| text.and_then(|text| clip_judge.read(text));
        Similarities { loaded: self, perceptor: of(&self.perceptor), judge: self.judge.as_ref().and_then(of) }
    }

    /// Their verdicts on an image. One image at a time: in a batch, sums would round by what else
    /// is in it.
    pub fn look(&self, image: &Picture, request: &EvalRequest) -> Judgment {
        let (perceptor, perceptor_texts) = self.perceptor.look(image, request);
        let (judge, judge_texts) = self.judge.as_ref().map(|judge| judge.look(image, request)).unzip();
        let segmenter = self.segmenter.as_ref();
        Judgment {
            perceptor,
            perceptor_texts,
            judge,
            judge_texts: judge_texts.unwrap_or_default(),
            segments: segmenter.map(|segmenter| segmenter.look(image, request.segment.as_deref())),
        }
    }
}
