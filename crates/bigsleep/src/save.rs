//! A dream as named tensors, and back.

use crate::{Dream, DreamError, latents::Latents, recorder::Recorder};
use checkpoint::{Scope, Weights};
use tch::{Device, Kind, Tensor};

const STEP: &str = "step";
/// The step that failed; 0 if none has.
const DIVERGED_AT: &str = "diverged_at";
const ACCUM: &str = "accum";

impl Dream {
    /// All that [`Dreamer::resume`](crate::Dreamer::resume) needs to go on as if nothing had
    /// happened, by name: copies, on the dream's device. Waits for it.
    ///
    /// Rows of the [trace](Self::take_trace) are not part of it: whoever saves this saves those
    /// too, of the same step.
    ///
    /// # Errors
    /// When an optimizer in Python does not give its state.
    pub fn state(&mut self) -> Result<Vec<(String, Tensor)>, DreamError> {
        self.recorder.fetch();
        let number = |value: u32| Tensor::from(i64::from(value));
        let mut tensors = vec![
            (STEP.to_owned(), number(self.recorder.step())),
            (DIVERGED_AT.to_owned(), number(self.recorder.diverged_at().unwrap_or(0))),
            (format!("ema.{ACCUM}"), self.ema.accum.copy()),
        ];
        tensors.extend(named("", &self.latents));
        tensors.extend(named("ema.", &self.ema.biased));
        let of_optimizer = self.update.state()?.into_iter();
        tensors.extend(of_optimizer.map(|(name, tensor)| (format!("optimizer.{name}"), tensor)));
        Ok(tensors)
    }

    /// Takes over a [`state`](Self::state) of a dream of the same spec and models.
    pub(crate) fn restore(&mut self, state: Weights) -> Result<(), DreamError> {
        let device = self.latents.normu.device();
        let root = state.root(Kind::Float, device);
        let latents = take(&root, &self.latents);
        let biased = take(&root.sub("ema"), &self.ema.biased);
        let accum = root.sub("ema").take(ACCUM, &[]);
        let step = take_number(&root, STEP);
        let diverged_at = take_number(&root, DIVERGED_AT);
        let of_optimizer = self.update.take(&root.sub("optimizer"));
        state.finish()?;

        (self.latents, self.ema.biased, self.ema.accum) = (latents, biased, accum);
        self.update.restore(of_optimizer);
        let diverged_at = Some(checked(DIVERGED_AT, diverged_at)?).filter(|&at| at > 0);
        self.recorder = Recorder::new(checked(STEP, step)?, diverged_at, device);
        Ok(())
    }
}

fn named(prefix: &str, latents: &Latents) -> [(String, Tensor); 2] {
    [(format!("{prefix}normu"), latents.normu.copy()), (format!("{prefix}cls"), latents.cls.copy())]
}

fn take(scope: &Scope<'_>, like: &Latents) -> Latents {
    let Latents { normu, cls } = like;
    Latents { normu: scope.take("normu", &normu.size()), cls: scope.take("cls", &cls.size()) }
}

fn take_number(scope: &Scope<'_>, name: &str) -> i64 {
    scope.take_as(name, &[], Kind::Int64).to_device(Device::Cpu).int64_value(&[])
}

fn checked(tensor: &'static str, value: i64) -> Result<u32, DreamError> {
    u32::try_from(value).map_err(|_| DreamError::Damaged { tensor, value })
}
