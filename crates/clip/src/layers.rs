use checkpoint::Scope;
use tch::{Kind, Tensor};

/// A linear layer. Its tensors may be of a narrower kind than its input: they are cast as they are
/// used.
#[derive(Debug)]
pub(crate) struct Linear {
    pub(crate) weight: Tensor, // [to, from]
    pub(crate) bias: Tensor,   // [to]
}

impl Linear {
    pub(crate) fn load(scope: &Scope<'_>, from: i64, to: i64) -> Self {
        Self { weight: scope.take("weight", &[to, from]), bias: scope.take("bias", &[to]) }
    }

    /// `x: [.., from]` → `[.., to]`.
    pub(crate) fn forward(&self, x: &Tensor) -> Tensor {
        let kind = x.kind();
        x.linear(&self.weight.to_kind(kind), Some(self.bias.to_kind(kind)))
    }

    /// Computes [`forward`](Self::forward) for `count` outputs from `first` on.
    pub(crate) fn forward_rows(&self, x: &Tensor, first: i64, count: i64) -> Tensor {
        Self { weight: self.weight.narrow(0, first, count), bias: self.bias.narrow(0, first, count) }
            .forward(x)
    }

    pub(crate) fn name(&self, at: &str, out: &mut Vec<(String, Tensor)>) {
        out.push((format!("{at}.weight"), self.weight.shallow_clone()));
        out.push((format!("{at}.bias"), self.bias.shallow_clone()));
    }
}

/// Layer normalization over the last dimension, eps 1e-5.
#[derive(Debug)]
pub(crate) struct LayerNorm {
    weight: Tensor, // [width]
    bias: Tensor,   // [width]
}

impl LayerNorm {
    pub(crate) fn load(scope: &Scope<'_>, width: i64) -> Self {
        Self { weight: scope.take("weight", &[width]), bias: scope.take("bias", &[width]) }
    }

    pub(crate) fn forward(&self, x: &Tensor) -> Tensor {
        let cast = |tensor: &Tensor| tensor.to_kind(x.kind());
        x.layer_norm(self.weight.size(), Some(cast(&self.weight)), Some(cast(&self.bias)), 1e-5, true)
    }

    pub(crate) fn name(&self, at: &str, out: &mut Vec<(String, Tensor)>) {
        out.push((format!("{at}.weight"), self.weight.shallow_clone()));
        out.push((format!("{at}.bias"), self.bias.shallow_clone()));
    }
}

/// A projection without bias, to multiply by from the right. Hugging Face's files hold its
/// transpose, a linear layer's weight, under the same name with `.weight` behind it.
pub(crate) fn projection(scope: &Scope<'_>, name: &str, from: i64, to: i64) -> Tensor {
    let transposed = format!("{name}.weight");
    if scope.shape(&transposed).is_some() {
        return scope.take(&transposed, &[to, from]).tr();
    }
    scope.take(name, &[from, to])
}

/// `x: [.., d]`, each vector over its length, in single precision.
pub(crate) fn unit_length(x: &Tensor) -> Tensor {
    let x = x.to_kind(Kind::Float);
    let length = x.square().sum_dim_intlist(-1, true, Kind::Float).sqrt();
    x / length
}
