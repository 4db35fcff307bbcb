use clip::{Clip, Picture, ZeroShot};
use model_sets::{Component, ModelSet};
use records::{Guess, Right, Verdict};
use tch::{Device, Kind, Tensor};

use super::{EvalRequest, EvaluationError, Labels, Ruler, activation, activation_help};

/// Labels that are recorded for an image.
const NEAREST: usize = 5;

/// A CLIP with the labels that it compares images with.
pub(super) struct ClipJudge {
    role: &'static str,
    clip: Clip,
    labels: ZeroShot,
    /// Scale of the cosines before the softmax.
    scale: f64,
}

impl ClipJudge {
    pub(super) fn load(
        role: &'static str,
        set: &ModelSet,
        component: &Component,
        labels: &Labels,
        device: Device,
    ) -> Result<Self, EvaluationError> {
        let name = || set.manifest.name.clone();
        let weights = checkpoint::Weights::open(&set.path(&component.weights))
            .map_err(|source| EvaluationError::Weights { role, set: name(), source: Box::new(source) })?;
        let stated = activation(component);
        let clip =
            Clip::load(weights, stated, device, Kind::Float).map_err(|source| EvaluationError::Clip {
                role,
                set: name(),
                help: activation_help(set, role, &source),
                source: Box::new(source),
            })?;
        let names: Vec<&str> = labels.names.iter().map(String::as_str).collect();
        let labels = ZeroShot::new(&clip, &names, &labels.template)
            .map_err(|source| EvaluationError::Labels { role, source: Box::new(source) })?;
        let scale = clip.logit_scale().exp().double_value(&[]);
        Ok(Self { role, clip, labels, scale })
    }

    /// Its verdict on an image, and the cosines with the request's texts: nothing for one that is
    /// too long for it.
    pub(super) fn look(&self, image: &Picture, request: &EvalRequest) -> (Verdict, Vec<Option<f64>>) {
        let seen = self.see(image);
        let guesses = self.labels.rank(&seen).remove(0);
        let right = request.right_label.as_ref().and_then(|right| {
            let place = guesses.iter().position(|guess| guess.label == *right)?;
            Some(Right { rank: place + 1, probability: guesses[place].probability })
        });
        let nearest = guesses.into_iter().take(NEAREST).map(|guess| Guess {
            label: guess.label,
            probability: guess.probability,
            similarity: guess.similarity / self.scale,
        });
        let similarities: Vec<Option<f64>> =
            request.texts.iter().map(|text| Some(Ruler::cosine(&seen, &self.read(text)?))).collect();
        let similarity = similarities.first().copied().flatten();
        (Verdict { similarity, right, nearest: nearest.collect() }, similarities)
    }

    /// The embedding of an image, `[1, e]`.
    fn see(&self, image: &Picture) -> Tensor {
        Ruler::of(&self.clip).image(&image.pixels(self.clip.image_size()))
    }

    /// The embedding of a text, `[1, e]`: nothing for one that is too long for it.
    pub(super) fn read(&self, text: &str) -> Option<Tensor> {
        match Ruler::of(&self.clip).text(text) {
            Ok(text) => Some(text),
            Err(error) => {
                tracing::warn!(%error, "the {} cannot read a text", self.role);
                None
            }
        }
    }

    /// The cosine of an image with a text that was [read](Self::read).
    pub(super) fn similarity(&self, image: &Picture, text: &Tensor) -> f64 {
        Ruler::cosine(&self.see(image), text)
    }
}
