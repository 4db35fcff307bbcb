//! The optimizer of a dream at work: one of this project or one in Python.

use crate::{DreamError, DreamSpec, latents::Latents};
use checkpoint::Scope;
use optim::Optimizer;
use optim_python::{AnyOptimizer, Host, PythonOptimizer};
use std::sync::Arc;
use tch::{Kind, Tensor};

/// The state of an optimizer in Python, as its bytes.
const PYTHON: &str = "python";

/// An optimizer at work.
pub(crate) enum Update {
    BuiltIn(Optimizer),
    Python(PythonOptimizer),
}

impl Update {
    pub(crate) fn new(spec: &DreamSpec, latents: &Latents, python: &Arc<Host>) -> Self {
        match &spec.optimizer {
            AnyOptimizer::BuiltIn(config) => Self::BuiltIn(Optimizer::new(config, &latents.tensors())),
            AnyOptimizer::Python { settings, .. } => {
                Self::Python(PythonOptimizer::new(settings, spec.seed, python))
            }
        }
    }

    pub(crate) fn evaluation_point(&self, params: &[Tensor]) -> Vec<Tensor> {
        match self {
            Self::BuiltIn(optimizer) => optimizer.evaluation_point(params),
            Self::Python(_) => params.iter().map(Tensor::shallow_clone).collect(),
        }
    }

    /// The state by name: copies.
    pub(crate) fn state(&self) -> Result<Vec<(String, Tensor)>, DreamError> {
        match self {
            Self::BuiltIn(optimizer) => Ok(optimizer.state()),
            Self::Python(optimizer) => Ok(vec![(PYTHON.to_owned(), optimizer.state()?)]),
        }
    }

    /// The tensors of its state among saved ones, which tell what is missing when they are
    /// finished.
    pub(crate) fn take(&self, saved: &Scope<'_>) -> Vec<(String, Tensor)> {
        match self {
            Self::BuiltIn(optimizer) => {
                let taken = |(name, like): (String, Tensor)| {
                    let tensor = saved.take_as(&name, &like.size(), like.kind());
                    (name, tensor)
                };
                optimizer.state().into_iter().map(taken).collect()
            }
            Self::Python(_) => {
                let length = saved.shape(PYTHON).filter(|shape| shape.len() == 1).unwrap_or(vec![0]);
                vec![(PYTHON.to_owned(), saved.take_as(PYTHON, &length, Kind::Uint8))]
            }
        }
    }

    /// Takes over tensors that were [taken](Self::take).
    pub(crate) fn restore(&mut self, taken: Vec<(String, Tensor)>) {
        match self {
            Self::BuiltIn(optimizer) => {
                optimizer.restore(taken).expect("the names, shapes and kinds are those it has given");
            }
            Self::Python(optimizer) => taken.iter().for_each(|(_, state)| optimizer.restore(state)),
        }
    }
}
