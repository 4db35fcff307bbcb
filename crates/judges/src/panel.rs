use clip::Picture;
use records::{Segments, Verdict};
use tch::Device;

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
