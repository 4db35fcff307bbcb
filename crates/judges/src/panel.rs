use clip::Picture;
use records::{Segments, Verdict};
use tch::{Device, Tensor};

use super::looker::Looker;
use super::segmenter::{Mask, Segmenter};
use super::{EvaluationError, Judges, Labels, Question};

/// The judges, loaded.
pub struct Panel {
    perceptor: Looker,
    judge: Option<Looker>,
    segmenter: Option<Segmenter>,
}

/// What the judges say of an image.
#[derive(Clone, Debug)]
pub struct Opinion {
    /// What the perceptor says.
    pub perceptor: Verdict,
    /// Cosines that the perceptor gives the image with the question's texts.
    pub perceptor_texts: Vec<Option<f64>>,
    /// What the held-out judge says, if there is one.
    pub judge: Option<Verdict>,
    /// Cosines that the held-out judge gives; empty if there is none.
    pub judge_texts: Vec<Option<f64>>,
    /// What the segmenter sees, if there is one, and where.
    pub segments: Option<(Segments, Mask)>,
}

/// A text that images are compared with, one after the other.
pub struct Similarities<'p> {
    panel: &'p Panel,
    perceptor: Option<Tensor>,
    judge: Option<Tensor>,
}

impl Similarities<'_> {
    /// Cosines of an image with the text, by the perceptor and by the held-out judge: nothing where
    /// there is no judge, or where the text is too long for it.
    pub fn of(&self, image: &Picture) -> [Option<f64>; 2] {
        let by = |looker: &Looker, text: &Option<Tensor>| Some(looker.similarity(image, text.as_ref()?));
        let judge = self.panel.judge.as_ref();
        [by(&self.panel.perceptor, &self.perceptor), judge.and_then(|judge| by(judge, &self.judge))]
    }
}

impl Panel {
    /// Loads them onto a device.
    ///
    /// # Errors
    /// When one cannot be loaded, or cannot read the labels.
    pub fn load(judges: &Judges, labels: &Labels, device: Device) -> Result<Self, EvaluationError> {
        torch_ext::tf32::forbid();
        let set = judges.set;
        let judge = judges.judge.as_ref();
        let judge = judge.map(|seat| Looker::load("judge", set, seat.component, labels, device));
        let segmenter = judges.segmenter.as_ref();
        let segmenter = segmenter.map(|seat| Segmenter::load(set, seat.component, judges.classes(), device));
        Ok(Self {
            perceptor: Looker::load("perceptor", set, &set.manifest.perceptor, labels, device)?,
            judge: judge.transpose()?,
            segmenter: segmenter.transpose()?,
        })
    }

    /// What measures many images with the question's first text.
    pub fn similarities(&self, question: &Question) -> Similarities<'_> {
        let text = question.texts.first();
        let of = |looker: &Looker| text.and_then(|text| looker.read(text));
        Similarities { panel: self, perceptor: of(&self.perceptor), judge: self.judge.as_ref().and_then(of) }
    }

    /// What they say of an image. One image at a time: in a batch, sums would round by what else is in it.
    pub fn look(&self, image: &Picture, question: &Question) -> Opinion {
        let (perceptor, perceptor_texts) = self.perceptor.look(image, question);
        let (judge, judge_texts) = self.judge.as_ref().map(|judge| judge.look(image, question)).unzip();
        let segmenter = self.segmenter.as_ref();
        Opinion {
            perceptor,
            perceptor_texts,
            judge,
            judge_texts: judge_texts.unwrap_or_default(),
            segments: segmenter.map(|segmenter| segmenter.look(image, question.segment.as_deref())),
        }
    }
}
