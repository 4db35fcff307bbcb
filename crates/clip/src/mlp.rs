use checkpoint::Scope;
use tch::Tensor;
use torch_ext::no_grad;

use crate::Activation;
use crate::activation::QUICK_GELU;
use crate::layers::Linear;

/// The perceptron: four times the width, and an activation.
#[derive(Debug)]
pub(crate) struct Mlp {
    c_fc: Linear,
    c_proj: Linear,
    activation: Activation,
    folded: bool,
}

impl Mlp {
    pub(crate) fn load(scope: &Scope<'_>, width: i64, activation: Activation) -> Self {
        Self {
            c_fc: Linear::load(&scope.sub("c_fc"), width, 4 * width),
            c_proj: Linear::load(&scope.sub("c_proj"), 4 * width, width),
            activation,
            folded: false,
        }
    }

    /// x · σ(1.702 x) = silu(1.702 x) / 1.702: with both factors in the weights, one kernel is
    /// left. The exact GELU is one kernel as it is.
    pub(crate) fn fold(&mut self) {
        if self.activation == Activation::Gelu {
            return;
        }
        no_grad(|| {
            let _ = self.c_fc.weight.g_mul_scalar_(QUICK_GELU); // in place: these are the largest tensors
            let _ = self.c_fc.bias.g_mul_scalar_(QUICK_GELU);
            let _ = self.c_proj.weight.g_mul_scalar_(1.0 / QUICK_GELU);
        });
        self.folded = true;
    }

    pub(crate) fn forward(&self, x: &Tensor) -> Tensor {
        let x = self.c_fc.forward(x); // [.., 4 width]
        let x = if self.folded { x.silu() } else { self.activation.forward(&x) };
        self.c_proj.forward(&x)
    }

    pub(crate) fn name(&self, at: &str, out: &mut Vec<(String, Tensor)>) {
        let first = out.len();
        self.c_fc.name(&format!("{at}.c_fc"), out);
        self.c_proj.name(&format!("{at}.c_proj"), out);
        if self.folded {
            let factors = [1.0 / QUICK_GELU, 1.0 / QUICK_GELU, QUICK_GELU]; // c_fc's weight and bias, c_proj's weight
            for ((_, tensor), factor) in out[first..].iter_mut().zip(factors) {
                *tensor = &*tensor * factor;
            }
        }
    }
}
