//! The models at work on a batch of dreams.

use crate::{
    Dream, DreamError, DreamSettings, DreamSpec, OutOfRange, Precision,
    aim::Aim,
    boxes::Cutout,
    cutouts::{self, Cutter},
    encoding,
    guidance::{ClipGuidance, Guidance},
    latents::{Latents, class_weights},
    losses, memory,
    update::Update,
};
use biggan::Generator;
use checkpoint::Weights;
use clip::Clip;
use loss_terms::LossTerms;
use optim_python::{Host, Interpreter};
use std::sync::Arc;
use tch::{Device, Kind, Tensor};
use torch_ext::tf32;

/// Cutouts that go through the perceptor at once: on the CPU few suffice to keep it busy.
pub const CHUNK_CPU: i64 = 32;
const CHUNK_CUDA: i64 = 256;

/// A generator and a perceptor on one device, with which dreams are begun, advanced and shown.
///
/// It serves dreams whose settings [batch](DreamSettings::batches_with) with those it was made for.
/// Tensors of libtorch may be sent to another thread but not shared, and so may a dreamer.
#[derive(Debug)]
pub struct Dreamer {
    generator: Generator,
    clip_guidance: ClipGuidance,
    /// The perceptor in single precision, where the guidance has another.
    ruler: Option<ClipGuidance>,
    settings: DreamSettings,
    /// Where optimizers in Python take their steps.
    python: Arc<Host>,
}

impl Dreamer {
    /// For dreams with such `settings`. The generator is to be loaded with their
    /// [`truncation`](DreamSettings::truncation), the perceptor in their
    /// [precision](Precision::kind), both on one device.
    ///
    /// # Errors
    /// When a setting is out of range, or the device cannot compute in the precision.
    pub fn new(generator: Generator, perceptor: Clip, settings: &DreamSettings) -> Result<Self, DreamError> {
        settings.check()?;
        let device = perceptor.device();
        if settings.precision == Precision::Tf32 && !device.is_cuda() {
            return Err(DreamError::Tf32OnCpu);
        }
        tf32::forbid();
        let clip_guidance = guide(perceptor, settings, generator.config().output_dim);
        Ok(Self { generator, clip_guidance, ruler: None, settings: settings.clone(), python: Arc::default() })
    }

    /// The dreamer with the same perceptor in single precision, to measure images with. Without one
    /// they are measured by the perceptor that guides the dreams.
    #[must_use]
    pub fn with_ruler(mut self, perceptor: Clip) -> Self {
        self.ruler = Some(guide(perceptor, &self.settings, self.generator.config().output_dim));
        self
    }

    /// The dreamer with this Python for optimizers that need one.
    #[must_use]
    pub fn with_python(mut self, interpreter: &Interpreter) -> Self {
        self.python = Arc::new(Host::new(interpreter.clone()));
        self
    }

    /// The perceptor that guides dreams, in their precision.
    pub fn perceptor(&self) -> &Clip {
        &self.clip_guidance.clip
    }

    /// The perceptor that images are measured with.
    pub fn ruler(&self) -> &Clip {
        &self.measuring().clip
    }

    fn measuring(&self) -> &ClipGuidance {
        self.ruler.as_ref().unwrap_or(&self.clip_guidance)
    }

    /// The device.
    pub fn device(&self) -> Device {
        self.perceptor().device()
    }

    /// A dream before its first step.
    ///
    /// # Errors
    /// When a setting is out of range or differs from the dreamer's where it must not, or the
    /// prompt cannot be encoded.
    pub fn begin(&self, spec: &DreamSpec) -> Result<Dream, DreamError> {
        self.check(&spec.settings)?;
        let target = torch_ext::no_grad(|| encoding::target(self.perceptor(), &spec.prompt))?;
        Ok(self.begin_toward(spec, target))
    }

    /// A dream where [`Dream::state`] left it: on the CPU, what follows is what would have
    /// followed, to the bit, if it is computed with as many threads and in the same batch (both
    /// decide in which order libtorch adds up).
    ///
    /// # Errors
    /// Those of [`begin`](Self::begin), and when the state is not one of such a dream.
    pub fn resume(&self, spec: &DreamSpec, state: Weights) -> Result<Dream, DreamError> {
        let mut dream = self.begin(spec)?;
        dream.restore(state)?;
        Ok(dream)
    }

    fn check(&self, settings: &DreamSettings) -> Result<(), DreamError> {
        settings.check()?;
        if !settings.batches_with(&self.settings) {
            return Err(DreamError::Misfit);
        }
        let classes = self.generator.config().num_classes;
        match settings.max_classes {
            Some(max_classes) if i64::from(max_classes) > classes => Err(DreamError::Setting(OutOfRange {
                setting: "max_classes",
                value: max_classes.to_string(),
                allowed: format!("at most {classes}, the number of the generator's classes"),
            })),
            _ => Ok(()),
        }
    }

    pub(crate) fn begin_toward(&self, spec: &DreamSpec, target: Tensor) -> Dream {
        let config = self.generator.config();
        let (rows, z_dim, classes) = (config.num_latent_rows(), config.z_dim, config.num_classes);
        Dream::new(
            spec,
            target,
            Latents::initial(spec.seed, rows, z_dim, classes, self.device()),
            &self.python,
        )
    }

    /// Advances a batch by one step: those of `dreams` that have steps to go, in one batch through
    /// both networks.
    ///
    /// What a dream becomes does not depend on the others, beyond rounding. Nothing waits for the
    /// device: that a dream has diverged shows when its [trace](Dream::take_trace) is taken; until
    /// then its steps change nothing.
    ///
    /// # Errors
    /// When memory does not suffice, or an optimizer in Python fails; each dream is then where it
    /// was, or a step further.
    pub fn step(&self, dreams: &mut [Dream]) -> Result<(), DreamError> {
        let image_side = self.generator.config().output_dim;
        self.step_at(dreams, |dream| dream.boxes(image_side))
    }

    /// A step in which each dream sees the given cutouts.
    fn step_at(&self, dreams: &mut [Dream], boxes: impl Fn(&Dream) -> Vec<Cutout>) -> Result<(), DreamError> {
        let has_steps = dreams.iter_mut().filter(|dream| dream.has_steps_to_go());
        let (python, mut batch): (Vec<_>, Vec<_>) =
            has_steps.partition(|dream| matches!(dream.update, Update::Python(_)));
        if !batch.is_empty() {
            let boxes: Vec<_> = batch.iter().map(|dream| boxes(dream)).collect();
            let boxes = cutouts::to_tensor(&boxes, self.device());
            let latents = Latents::stack(&batch.iter().map(|dream| &dream.latents).collect::<Vec<_>>());
            let aims: Vec<_> = batch.iter().map(|dream| dream.aim()).collect();
            let Evaluation { terms, gradients, finite } =
                memory::catch_exhaustion(|| self.evaluate(latents, &aims, &boxes))?;
            torch_ext::no_grad(|| {
                for (i, dream) in (0..).zip(&mut batch) {
                    dream.advance(&gradients.get(i), &terms.get(i), &finite.get(i));
                }
            });
        }
        python.into_iter().try_for_each(|dream| {
            let boxes = cutouts::to_tensor(&[boxes(dream)], self.device());
            self.step_in_python(dream, &boxes)
        })
    }

    /// The losses at stacked `latents` on cutouts at `boxes [n, k, 3]`, and their gradients.
    fn evaluate(&self, latents: Latents, aims: &[Aim<'_>], boxes: &Tensor) -> Evaluation {
        let latents = latents.set_requires_grad();
        let class_weights = class_weights_of_all(&latents, aims.iter().map(|aim| aim.settings));
        let images = self.generate(&latents.normu, &class_weights);
        let Guidance { similarity, image_gradient } = self.guide(&images.detach(), boxes, aims);
        let latent = losses::latent(&latents.normu);
        let class = losses::class(&class_weights);

        // The perceptor's part of the chain rule was taken chunk by chunk: its gradient stands in
        // for it here.
        let objectives = [&images * image_gradient, class.seen_from(&class_weights)];
        let mut gradients = latents.gradient_of(&objectives);
        gradients.normu += latent.gradient;
        let terms = stacked_terms(similarity, latent.value, class.value);
        let finite = all_finite(&terms)
            .logical_and(&all_finite(&gradients.normu))
            .logical_and(&all_finite(&gradients.cls));
        Evaluation { terms, gradients, finite }
    }

    fn guide(&self, images: &Tensor, boxes: &Tensor, aims: &[Aim<'_>]) -> Guidance {
        let _allowed = self.allowed_tf32();
        let targets = Tensor::stack(&aims.iter().map(|aim| aim.target).collect::<Vec<_>>(), 0);
        let loss_coef = Tensor::stack(&aims.iter().map(|aim| aim.loss_coef).collect::<Vec<_>>(), 0);
        self.clip_guidance.guide(images, boxes, &targets, &loss_coef)
    }

    /// The images of stacked latents, in [0, 1]: `[n, 3, s, s]`.
    fn generate(&self, normu: &Tensor, class_weights: &Tensor) -> Tensor {
        ((self.generator.forward(normu, class_weights) + 1.0) / 2.0).contiguous()
    }

    /// The dream as it is shown: the image of its averaged latents, `[3, s, s]`, in [0, 1]. Of a
    /// dream that has diverged it may not be an image any more: its latents are finite, but so
    /// large that the generator's numbers are not.
    pub fn image(&self, dream: &Dream) -> Tensor {
        self.images(&[dream]).get(0)
    }

    /// The [image](Self::image) of each of several dreams, in one batch: `[n, 3, s, s]`.
    pub fn images(&self, dreams: &[&Dream]) -> Tensor {
        let averages: Vec<_> = dreams.iter().map(|dream| dream.ema.average()).collect();
        let settings = dreams.iter().map(|dream| &dream.spec.settings);
        self.show(&averages.iter().collect::<Vec<_>>(), settings)
    }

    /// The dream as its optimizer sees it: the image of the latents themselves, `[3, s, s]`, in [0,
    /// 1].
    pub fn live_image(&self, dream: &Dream) -> Tensor {
        self.show(&[&dream.latents], [&dream.spec.settings]).get(0)
    }

    /// The similarity term of an image of a dream, `[3, s, s]`: as in its
    /// [trace](Dream::take_trace), but on cutouts that no step sees, the same ones at every step
    /// and for every dream of its seed. Lower is more similar. Waits for the device.
    ///
    /// `big-sleep` 0.9.1 draws new cutouts for every image that it judges (`save_best`), so that
    /// luck has a part in which is best.
    pub fn similarity_term(&self, image: &Tensor, dream: &Dream) -> f64 {
        let boxes = dream.boxes_to_judge(self.generator.config().output_dim);
        self.similarity_at(image, dream, boxes)
    }

    fn similarity_at(&self, image: &Tensor, dream: &Dream, boxes: Vec<Cutout>) -> f64 {
        let _allowed = self.allowed_tf32();
        let cosines = cosines(&self.clip_guidance, image, boxes, &dream.target);
        losses::similarity(&cosines, &dream.loss_coef.unsqueeze(0)).double_value(&[0])
    }

    fn allowed_tf32(&self) -> Option<tf32::Allowed> {
        (self.settings.precision == Precision::Tf32).then(tf32::Allowed::new)
    }

    /// The mean cosine of `text [e]`, an embedding of any length, with random cutouts of `image [3,
    /// s, s]` in [0, 1]: as many as the dream sees in a step, where those of its next step would
    /// lie. Measured by the [ruler](Self::ruler), never in TF32.
    pub fn cutout_similarity(&self, dream: &Dream, image: &Tensor, text: &Tensor) -> f64 {
        let boxes = dream.boxes(self.generator.config().output_dim);
        let text = text.to_kind(Kind::Float);
        let target = &text / text.norm();
        cosines(self.measuring(), image, boxes, &target).mean(Kind::Double).double_value(&[])
    }

    fn show<'s>(
        &self,
        latents: &[&Latents],
        settings: impl IntoIterator<Item = &'s DreamSettings>,
    ) -> Tensor {
        torch_ext::no_grad(|| {
            let latents = Latents::stack(latents);
            self.generate(&latents.normu, &class_weights_of_all(&latents, settings))
        })
    }
}

/// A perceptor prepared for cutouts of images of `image_side`.
fn guide(perceptor: Clip, settings: &DreamSettings, image_side: i64) -> ClipGuidance {
    let (device, input_side) = (perceptor.device(), perceptor.image_size());
    let patch_side = perceptor.config().patch_size;
    let cutter = Cutter::new(settings.interpolation, image_side, input_side, patch_side, device);
    let chunk = if device.is_cuda() { CHUNK_CUDA } else { CHUNK_CPU };
    ClipGuidance::new(perceptor, cutter, chunk)
}

/// The cosines of cutouts of an image `[3, s, s]` with a target `[e]`: `[1, k]`.
fn cosines(clip_guidance: &ClipGuidance, image: &Tensor, boxes: Vec<Cutout>, target: &Tensor) -> Tensor {
    let boxes = cutouts::to_tensor(&[boxes], clip_guidance.clip.device());
    clip_guidance.cosines(&image.unsqueeze(0), &boxes, &target.unsqueeze(0))
}

/// Class weights of stacked latents: `[n, l, c]`.
fn class_weights_of_all<'s>(
    latents: &Latents,
    settings: impl IntoIterator<Item = &'s DreamSettings>,
) -> Tensor {
    let of_one = |(i, settings)| class_weights(&latents.cls.get(i), settings);
    Tensor::stack(&(0..).zip(settings).map(of_one).collect::<Vec<_>>(), 0)
}

/// Loss terms and gradients of the n dreams of a batch.
struct Evaluation {
    /// The loss terms in the order of [`LossTerms`]: `[n, terms]`.
    terms: Tensor,
    /// The totals' gradients, `[n, ..]`.
    gradients: Latents,
    /// True where all of these are finite: `[n]`.
    finite: Tensor,
}

/// True where every entry is finite, for each first index: `[n, ..]` → `[n]`.
fn all_finite(x: &Tensor) -> Tensor {
    x.isfinite().flatten(1, -1).all_dim(1, false)
}

/// The terms of n losses: `[n, terms]`.
fn stacked_terms(similarity: Tensor, latent: Tensor, class: Tensor) -> Tensor {
    let total = &similarity + &latent + &class;
    let terms: [Tensor; LossTerms::COUNT] = [total, similarity, latent, class]; // in the order of the list
    Tensor::stack(&terms, 1)
}

mod in_python;
pub mod parts;
#[cfg(test)]
mod tests;
