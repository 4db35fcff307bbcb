use tch::Tensor;

/// An exponential moving average of a network's parameters: it changes less from step to step than
/// they do, and is what is kept of a training.
#[derive(Debug)]
pub(crate) struct Average {
    tensors: Vec<Tensor>,
    decay: f64,
}

impl Average {
    /// Starts at the parameters themselves.
    pub(crate) fn new(params: &[Tensor], decay: f64) -> Self {
        Self {
            tensors: torch_ext::no_grad(|| params.iter().map(|param| param.detach().copy()).collect()),
            decay,
        }
    }

    /// Takes in the parameters after `steps` steps. Early on, the average forgets faster, so that
    /// the initial values are not remembered.
    pub(crate) fn update(&mut self, params: &[Tensor], steps: u64) {
        let steps = steps as f64;
        let decay = self.decay.min((1.0 + steps) / (10.0 + steps));
        torch_ext::no_grad(|| {
            for (average, param) in self.tensors.iter_mut().zip(params) {
                average.copy_(&average.lerp(param, 1.0 - decay));
            }
        });
    }

    pub(crate) fn tensors(&self) -> &[Tensor] {
        &self.tensors
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn follows_the_closed_form() {
        let at = |x: f64| [Tensor::from_slice(&[x])];
        let mut average = Average::new(&at(5.0), 0.75);
        for steps in 100..103 {
            average.update(&at(1.0), steps);
        }
        let want = 1.0 + 4.0 * 0.75f64.powi(3);
        assert!((average.tensors()[0].double_value(&[0]) - want).abs() < 1e-12);
    }
}
