//! A step that an optimizer in Python takes: it may evaluate the loss elsewhere on the way, always
//! on the step's own cutouts.

use super::{Dreamer, Evaluation, class_weights_of_all, losses, stacked_terms};
use crate::{Dream, DreamError, aim::Aim, latents::Latents, memory, update::Update};
use loss_terms::LossTerms;
use optim_python::{Known, Objective, Stepped};
use tch::{Device, Kind, Tensor};

/// Candidates that are evaluated at once.
const CANDIDATES: usize = 8;

/// The loss of a dream in one step.
struct Loss<'l> {
    dreamer: &'l Dreamer,
    aim: Aim<'l>,
    /// `[1, k, 3]`
    boxes: &'l Tensor,
}

impl Dreamer {
    /// Takes a step of a dream whose optimizer is in Python, on cutouts at `boxes [1, k, 3]`.
    pub(super) fn step_in_python(&self, dream: &mut Dream, boxes: &Tensor) -> Result<(), DreamError> {
        let (step, lr_factor) = (u64::from(dream.step()) + 1, dream.lr_factor());
        let Dream { spec, target, loss_coef, latents, update, .. } = dream;
        let Update::Python(optimizer) = update else { return Ok(()) };
        let mut params = latents.tensors();
        optimizer.begin(&params)?;
        let aim = Aim { target, loss_coef, settings: &spec.settings };
        let mut loss = Loss { dreamer: self, aim, boxes };
        let Here { terms, gradient, finite } = loss.here(&params, optimizer.asks())?;
        let before = params.each_ref().map(Tensor::copy);
        let mut judged = None;
        if finite {
            let total = terms.double_value(&[0]) as f32;
            let known = Known { loss: total, gradient: &gradient };
            let Stepped { params: stepped, average } =
                optimizer.step((step, lr_factor), &known, &mut loss)?;
            params.iter_mut().zip(&stepped).for_each(|(param, stepped)| param.copy_(stepped));
            judged = average.map(|all| all.iter().map(|one| one.to_device(self.device())).collect());
        }
        let finite = Tensor::from(finite).to_device(self.device());
        torch_ext::no_grad(|| dream.accept(&before, judged, &terms, &finite));
        dream.recorder.fetch(); // everything has been waited for
        Ok(())
    }

    /// Terms of the losses at stacked latents, `[n, terms]`, without gradients.
    fn terms(&self, latents: &Latents, aim: &Aim<'_>, boxes: &Tensor) -> Tensor {
        let n = latents.normu.size()[0];
        let repeated = |x: &Tensor| x.unsqueeze(0).repeat_interleave_self_int(n, 0, None);
        torch_ext::no_grad(|| {
            let class_weights = class_weights_of_all(latents, (0..n).map(|_| aim.settings));
            let images = self.generate(&latents.normu, &class_weights);
            let _allowed = self.allowed_tf32();
            let boxes = boxes.repeat_interleave_self_int(n, 0, None);
            let cosines = self.clip_guidance.cosines(&images, &boxes, &repeated(aim.target));
            let similarity = losses::similarity(&cosines, &repeated(aim.loss_coef));
            stacked_terms(
                similarity,
                losses::latent(&latents.normu).value,
                losses::class(&class_weights).value,
            )
        })
    }
}

/// The loss where a step begins.
struct Here {
    /// `[terms]`
    terms: Tensor,
    /// None where only the loss is wanted.
    gradient: Vec<Tensor>,
    finite: bool,
}

impl Loss<'_> {
    fn here(&self, params: &[Tensor], only_loss: bool) -> Result<Here, DreamError> {
        if only_loss {
            let terms = self.terms(&stacked(params, |param| param.unsqueeze(0)))?.get(0);
            let finite = terms.isfinite().all().int64_value(&[]) != 0;
            return Ok(Here { terms, gradient: Vec::new(), finite });
        }
        let Evaluation { terms, gradients, finite } = self.evaluate(params)?;
        let gradient = gradients.get(0).tensors().into();
        Ok(Here { terms: terms.get(0), gradient, finite: finite.int64_value(&[0]) != 0 })
    }

    fn evaluate(&self, params: &[Tensor]) -> Result<Evaluation, DreamError> {
        let latents = stacked(params, |param| param.to_device(self.dreamer.device()).unsqueeze(0));
        let Aim { target, loss_coef, settings } = self.aim;
        let aims = [Aim { target, loss_coef, settings }];
        memory::catch_exhaustion(|| self.dreamer.evaluate(latents, &aims, self.boxes))
    }

    fn terms(&self, latents: &Latents) -> Result<Tensor, DreamError> {
        memory::catch_exhaustion(|| self.dreamer.terms(latents, &self.aim, self.boxes))
    }
}

impl Objective for Loss<'_> {
    type Error = DreamError;

    fn gradient(&mut self, params: &[Tensor]) -> Result<(f32, Vec<Tensor>), DreamError> {
        let Evaluation { terms, gradients, .. } = self.evaluate(params)?;
        Ok((terms.double_value(&[0, 0]) as f32, gradients.get(0).tensors().into()))
    }

    fn losses(&mut self, candidates: &[Tensor]) -> Result<Vec<f32>, DreamError> {
        let count = candidates.first().map_or(0, |first| first.size()[0]);
        let mut totals = Vec::new();
        for first in (0..count).step_by(CANDIDATES) {
            let length = (CANDIDATES as i64).min(count - first);
            let part = |all: &Tensor| all.narrow(0, first, length).to_device(self.dreamer.device());
            let terms = self.terms(&stacked(candidates, part))?;
            let terms = terms.to_kind(Kind::Float).to_device(Device::Cpu).contiguous().view(-1);
            let numbers = Vec::<f32>::try_from(terms).expect("a vector of floats");
            totals.extend(numbers.chunks_exact(LossTerms::COUNT).map(|terms| terms[0]));
        }
        Ok(totals)
    }
}

fn stacked(params: &[Tensor], part: impl Fn(&Tensor) -> Tensor) -> Latents {
    Latents { normu: part(&params[0]), cls: part(&params[1]) }
}
