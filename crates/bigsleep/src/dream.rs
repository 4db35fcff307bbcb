//! One dream: its state, and how a step changes it.

use crate::{
    DreamSettings, DreamSpec, Status, TraceRow,
    aim::Aim,
    boxes::{self, Cutout},
    ema::Ema,
    latents::Latents,
    recorder::Recorder,
    update::Update,
};
use optim_python::Host;
use std::sync::Arc;
use tch::Tensor;

/// A dream at some point of its way. [`Dreamer`](crate::Dreamer) begins it, advances it and shows
/// it.
pub struct Dream {
    pub(crate) spec: DreamSpec,
    /// Target of the cutouts' embeddings, `[e]`.
    pub(crate) target: Tensor,
    /// `loss_coef` on the device, a number.
    pub(crate) loss_coef: Tensor,
    pub(crate) latents: Latents,
    pub(crate) ema: Ema,
    pub(crate) update: Update,
    pub(crate) recorder: Recorder,
    /// Where an optimizer in Python takes its steps.
    python: Arc<Host>,
}

impl Dream {
    pub(crate) fn new(spec: &DreamSpec, target: Tensor, latents: Latents, python: &Arc<Host>) -> Self {
        let ema = Ema::new(&latents, spec.settings.ema_decay);
        let update = Update::new(spec, &latents, python);
        let device = latents.normu.device();
        let recorder = Recorder::new(0, None, device);
        let loss_coef = Tensor::from(spec.settings.loss_coef as f32).to_device(device);
        Self {
            spec: spec.clone(),
            target,
            loss_coef,
            latents,
            ema,
            update,
            recorder,
            python: Arc::clone(python),
        }
    }

    /// The same dream with all its initial latents moved by one unit in the last place, up or down
    /// by chance, another chance for each `draw`: as they might be rounded elsewhere. What becomes
    /// of it tells how much of a result is rounding. For a dream before its first step.
    #[must_use]
    pub fn nudged(self, draw: u32) -> Self {
        debug_assert_eq!(self.step(), 0, "what is nudged has taken no step");
        let latents = self.latents.nudged(self.spec.seed, draw);
        Self::new(&self.spec, self.target, latents, &self.python)
    }

    /// The specification it was started with.
    pub fn spec(&self) -> &DreamSpec {
        &self.spec
    }

    /// Steps taken. May include some after a divergence, until [`status`](Self::status) or
    /// [`take_trace`](Self::take_trace) was called.
    pub fn step(&self) -> u32 {
        self.recorder.step()
    }

    /// The current status. Waits for the device.
    pub fn status(&mut self) -> Status {
        self.recorder.fetch();
        match self.recorder.diverged_at() {
            Some(at_step) => Status::Diverged { at_step },
            None if self.has_steps_to_go() => Status::Running,
            None => Status::Finished,
        }
    }

    /// The rows of all steps since they were last taken, up to a divergence. Waits for the device:
    /// call it every so many steps rather than after each.
    pub fn take_trace(&mut self) -> Vec<TraceRow> {
        self.recorder.fetch();
        self.recorder.take_rows()
    }

    /// Returns true if a step remains, as far as is known without waiting for the device.
    pub(crate) fn has_steps_to_go(&self) -> bool {
        self.recorder.diverged_at().is_none() && self.step() < self.spec.settings.steps()
    }

    /// Takes a step along `gradient`, or, if it does not lead to finite latents, none ever again.
    /// `terms [4]` are those of [`Recorder::record`], `finite` whether they and the gradient are
    /// finite.
    pub(crate) fn advance(&mut self, gradient: &Latents, terms: &Tensor, finite: &Tensor) {
        let mut params = self.latents.tensors();
        let before = params.each_ref().map(Tensor::copy);
        let lr_factor = self.lr_factor();
        if let Update::BuiltIn(optimizer) = &mut self.update {
            optimizer.step(&mut params, &gradient.tensors(), lr_factor);
        }
        self.accept(&before, None, terms, finite);
    }

    /// Keeps the latents after a step if they are finite; else the dream has diverged, and they are
    /// again those `before` it. `judged` are those that go into the average, where it is not for
    /// the optimizer to say.
    pub(crate) fn accept(
        &mut self,
        before: &[Tensor; 2],
        judged: Option<Vec<Tensor>>,
        terms: &Tensor,
        finite: &Tensor,
    ) {
        let mut params = self.latents.tensors();
        let finite = params
            .iter()
            .chain(judged.iter().flatten())
            .fold(finite.shallow_clone(), |finite, param| finite.logical_and(&all_finite(param)));
        let active = self.recorder.record(terms, &finite);
        for (param, before) in params.iter_mut().zip(before) {
            let kept = param.where_self(active, before);
            param.copy_(&kept);
        }
        let judged = judged.unwrap_or_else(|| self.update.evaluation_point(&params));
        self.ema.update(&judged[0], &judged[1], active);
    }

    pub(crate) fn aim(&self) -> Aim<'_> {
        Aim { target: &self.target, loss_coef: &self.loss_coef, settings: &self.spec.settings }
    }

    /// The cutouts of the next step, of all its draws.
    pub(crate) fn boxes(&self, image_side: i64) -> Vec<Cutout> {
        self.boxes_of(self.step() + 1, image_side)
    }

    /// Cutouts that no step sees, to judge images by: dreams of one seed have the same.
    pub(crate) fn boxes_to_judge(&self, image_side: i64) -> Vec<Cutout> {
        self.boxes_of(0, image_side)
    }

    fn boxes_of(&self, step: u32, image_side: i64) -> Vec<Cutout> {
        let DreamSettings { cutouts, gradient_accumulation, center_bias, .. } = self.spec.settings;
        (0..gradient_accumulation)
            .flat_map(|draw| boxes::cutouts(self.spec.seed, step, draw, cutouts, image_side, center_bias))
            .collect()
    }

    pub(crate) fn lr_factor(&self) -> f64 {
        let (step, steps) = (u64::from(self.step()), u64::from(self.spec.settings.steps()));
        self.spec.optimizer.schedule().factor(step, steps)
    }
}

fn all_finite(tensor: &Tensor) -> Tensor {
    tensor.isfinite().all()
}
