//! An optimizer at work.

use tch::{Kind, Tensor};

use crate::config::OptimizerConfig;
use crate::restore::{self, RestoreError};
use crate::rule::{Rule, Step};

/// An optimizer at work on some parameters.
pub struct Optimizer {
    rule: Box<dyn Rule>,
    params: usize,
    steps: u64,
}

impl Optimizer {
    /// Starts anew on `params`: tensors of any shape and device, of a floating-point kind.
    pub fn new(config: &OptimizerConfig, params: &[Tensor]) -> Self {
        let rule = torch_ext::no_grad(|| config.start(params));
        Self { rule, params: params.len(), steps: 0 }
    }

    /// Takes one step in place along `grads`, in the order of the `params` that [`new`](Self::new)
    /// saw.
    ///
    /// `lr_factor` multiplies the learning rate: see [`Schedule::factor`](crate::Schedule::factor).
    /// Nothing waits for the device, and the gradients are left as they are.
    ///
    /// # Panics
    /// If there are more or fewer parameters or gradients than there were at the start, or of
    /// shapes that do not go together.
    pub fn step(&mut self, params: &mut [Tensor], grads: &[Tensor], lr_factor: f64) {
        assert_eq!((params.len(), grads.len()), (self.params, self.params), "parameters and gradients");
        self.steps += 1;
        let at = Step { t: self.steps, lr_factor };
        torch_ext::no_grad(|| self.rule.step(at, params, grads));
    }

    /// The point that the optimizer offers for judgment, shaped like `params`; to be read, not
    /// written.
    ///
    /// The parameters themselves, but for the optimizers that keep an average beside them.
    pub fn evaluation_point(&self, params: &[Tensor]) -> Vec<Tensor> {
        torch_ext::no_grad(|| self.rule.evaluation_point(params))
    }

    /// A copy of all that [`restore`](Self::restore) needs to go on exactly; `step` counts the
    /// steps taken.
    pub fn state(&self) -> Vec<(String, Tensor)> {
        let steps = Tensor::from(self.steps as i64);
        let copies = self.rule.state().into_iter().map(|(name, tensor)| (name, tensor.copy()));
        std::iter::once((STEP.to_string(), steps)).chain(copies).collect()
    }

    /// Takes over a state that an optimizer of the same settings gave for parameters of the same
    /// shapes.
    ///
    /// # Errors
    /// [`RestoreError`], naming every tensor that is missing, unexpected or of another shape;
    /// nothing has changed then.
    pub fn restore(
        &mut self,
        tensors: impl IntoIterator<Item = (String, Tensor)>,
    ) -> Result<(), RestoreError> {
        let mut state = self.rule.state();
        state.push((STEP.to_string(), Tensor::zeros([0; 0], (Kind::Int64, tch::Device::Cpu))));
        torch_ext::no_grad(|| restore::copy_all(&mut state, tensors))?;
        self.steps = state.last().map_or(0, |(_, steps)| steps.int64_value(&[]) as u64);
        Ok(())
    }
}

const STEP: &str = "step";
