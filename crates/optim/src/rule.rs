//! The trait of update rules.

use tch::Tensor;

use crate::setting::LearningRate;

/// Which step is taken, and how far.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Step {
    /// Steps taken, this one included: the papers' t.
    pub(crate) t: u64,
    /// The schedule's factor on the learning rate.
    pub(crate) lr_factor: f64,
}

impl Step {
    /// γ of this step.
    pub(crate) fn lr(self, lr: LearningRate) -> f64 {
        lr.get() * self.lr_factor
    }

    /// 1 - βᵗ: what corrects a moment with decay `beta` for having started at zero.
    pub(crate) fn bias_correction(self, beta: f64) -> f64 {
        1.0 - beta.powf(self.t as f64)
    }
}

/// A rule at work on some parameters, with its state.
pub(crate) trait Rule: Send {
    /// Changes `params` in place, without waiting for the device.
    fn step(&mut self, at: Step, params: &mut [Tensor], grads: &[Tensor]);

    /// The state by name; the tensors share their storage with the rule.
    fn state(&self) -> Vec<(String, Tensor)>;

    /// The parameters at which to evaluate: see [`crate::Optimizer::evaluation_point`].
    fn evaluation_point(&self, params: &[Tensor]) -> Vec<Tensor> {
        params.iter().map(Tensor::shallow_clone).collect()
    }
}

/// Settings whose rule treats every parameter by itself.
pub(crate) trait TensorRule {
    /// The state of one parameter: an array of tensors, undefined where these settings do not need
    /// them.
    type State: AsRef<[Tensor]> + Send;

    /// The names of the tensors of the state, in its order; PyTorch's where it has them.
    const STATE: &'static [&'static str];

    /// The state before the first step.
    fn init(&self, theta: &Tensor) -> Self::State;

    /// One step of `theta` along its gradient `g`.
    fn update(&self, at: Step, theta: &mut Tensor, g: &Tensor, state: &mut Self::State);

    /// The evaluation point of `theta`.
    fn evaluation_point(&self, theta: &Tensor, _state: &Self::State) -> Tensor {
        theta.shallow_clone()
    }
}

/// Applies one rule to each of several parameters.
pub(crate) struct Each<R: TensorRule> {
    rule: R,
    states: Vec<R::State>,
}

impl<R: TensorRule> Each<R> {
    pub(crate) fn new(rule: R, params: &[Tensor]) -> Self {
        let states = params.iter().map(|theta| rule.init(theta)).collect();
        Self { rule, states }
    }
}

impl<R: TensorRule + Send> Rule for Each<R> {
    fn step(&mut self, at: Step, params: &mut [Tensor], grads: &[Tensor]) {
        for ((theta, g), state) in params.iter_mut().zip(grads).zip(&mut self.states) {
            self.rule.update(at, theta, g, state);
        }
    }

    fn state(&self) -> Vec<(String, Tensor)> {
        let mut named = Vec::new();
        for (i, state) in self.states.iter().enumerate() {
            for (name, tensor) in R::STATE.iter().zip(state.as_ref()).filter(|(_, tensor)| tensor.defined()) {
                named.push((format!("{name}.{i}"), tensor.shallow_clone()));
            }
        }
        named
    }

    fn evaluation_point(&self, params: &[Tensor]) -> Vec<Tensor> {
        params
            .iter()
            .zip(&self.states)
            .map(|(theta, state)| self.rule.evaluation_point(theta, state))
            .collect()
    }
}

/// Zeros shaped like `theta` where the settings need them, else nothing.
pub(crate) fn zeros_if(needed: bool, theta: &Tensor) -> Tensor {
    if needed { theta.zeros_like() } else { Tensor::new() }
}

/// Settings that a rule can be started from.
pub(crate) trait Start {
    fn start(&self, params: &[Tensor]) -> Box<dyn Rule>;
}

impl<R: TensorRule + Clone + Send + 'static> Start for R {
    fn start(&self, params: &[Tensor]) -> Box<dyn Rule> {
        Box::new(Each::new(self.clone(), params))
    }
}
