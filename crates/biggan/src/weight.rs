use checkpoint::Scope;
use tch::Tensor;
use torch_ext::no_grad;

use crate::named::{Named, Role};

/// A weight divided by the estimate of its largest singular value: spectral normalization.
///
/// W is the weight as a matrix `[out, rest]`, u and v are estimates of its first singular vectors:
/// W / (uᵀ W v).
///
/// Source: Miyato et al. 2018, Algorithm 1; `torch.nn.utils.spectral_norm`, which BigGAN's files
/// were written with.
#[derive(Debug)]
pub(crate) enum Weight {
    /// The form that is trained and stored: W, u and v apart.
    Spectral { orig: Tensor, u: Tensor, v: Tensor, eps: f64 },
    /// The quotient, a constant.
    Folded(Tensor),
}

impl Weight {
    pub(crate) fn take(scope: &Scope<'_>, shape: &[i64], eps: f64) -> Self {
        let (rows, columns) = (shape[0], shape[1..].iter().product());
        Self::Spectral {
            orig: scope.take("weight_orig", shape),
            u: scope.take("weight_u", &[rows]),
            v: scope.take("weight_v", &[columns]),
            eps,
        }
    }

    /// The weight to compute with. Gradients reach W; u and v count as constants.
    pub(crate) fn normalized(&self) -> Tensor {
        match self {
            Self::Spectral { orig, u, v, .. } => orig / u.dot(&as_matrix(orig).mv(v)),
            Self::Folded(weight) => weight.shallow_clone(),
        }
    }

    /// One power iteration, which brings u and v nearer to the first singular vectors of W.
    pub(crate) fn power_iterate(&mut self) {
        if let Self::Spectral { orig, u, v, eps } = self {
            no_grad(|| {
                let matrix = as_matrix(orig);
                v.copy_(&unit(&matrix.tr().mv(u), *eps));
                u.copy_(&unit(&matrix.mv(v), *eps));
            });
        }
    }

    pub(crate) fn fold(self) -> Self {
        Self::Folded(no_grad(|| self.normalized()))
    }

    pub(crate) fn folded_mut(&mut self) -> Option<&mut Tensor> {
        match self {
            Self::Folded(weight) => Some(weight),
            Self::Spectral { .. } => None,
        }
    }

    pub(crate) fn tensors(&self) -> Vec<Named> {
        match self {
            Self::Spectral { orig, u, v, .. } => vec![
                Named::new("weight_orig", orig, Role::Parameter),
                Named::new("weight_u", u, Role::Buffer),
                Named::new("weight_v", v, Role::Buffer),
            ],
            Self::Folded(weight) => vec![Named::new("weight", weight, Role::Buffer)],
        }
    }
}

fn as_matrix(weight: &Tensor) -> Tensor {
    weight.reshape([weight.size()[0], -1])
}

fn unit(x: &Tensor, eps: f64) -> Tensor {
    x / x.norm().clamp_min(eps)
}
