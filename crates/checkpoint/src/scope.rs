use tch::{Device, Kind, Tensor};

use crate::Weights;

/// A place in the tree of tensor names, from which a model takes what it needs.
#[derive(Clone, Debug)]
pub struct Scope<'w> {
    weights: &'w Weights,
    prefix: String,
    kind: Option<Kind>, // `None`: whatever the file has
    device: Device,
}

impl Weights {
    /// The top of the tree of names. Tensors taken below it have this kind, on this device.
    #[must_use]
    pub fn root(&self, kind: Kind, device: Device) -> Scope<'_> {
        Scope { weights: self, prefix: String::new(), kind: Some(kind), device }
    }
}

impl Scope<'_> {
    /// The scope below `name`: `scope.sub("fc").take("weight", …)` takes `fc.weight`.
    #[must_use]
    pub fn sub(&self, name: &str) -> Self {
        Self { prefix: self.full_name(name), ..self.clone() }
    }

    /// The scope below a number, as lists of layers have it: `layers.3`.
    #[must_use]
    pub fn at(&self, index: usize) -> Self {
        self.sub(&index.to_string())
    }

    /// A copy of this scope whose tensors keep the file's number type.
    #[must_use]
    pub fn as_stored(&self) -> Self {
        Self { kind: None, ..self.clone() }
    }

    /// The tensor `name` in this scope's kind, moved out of the weights: nobody else has it, and it
    /// may be changed in place.
    ///
    /// Where it is missing or has another shape, the fault is kept for [`Weights::finish`], and a
    /// placeholder of the wanted shape takes its place, so that a model can be built to its end and
    /// all faults are told at once. A placeholder holds a single number, however large its shape
    /// (and is that number alone where no tensor can have the shape): compute with no tensor, and
    /// write to none, before `finish` has passed.
    pub fn take(&self, name: &str, shape: &[i64]) -> Tensor {
        let stored = || self.weights.kind(&self.full_name(name));
        self.take_as(name, shape, self.kind.or_else(stored).unwrap_or(Kind::Float))
    }

    /// Takes a tensor as [`take`](Self::take) does, in a number type of its own: integer buffers,
    /// for one.
    pub fn take_as(&self, name: &str, shape: &[i64], kind: Kind) -> Tensor {
        self.weights.take(&self.full_name(name), shape, kind, self.device)
    }

    /// The shape of the tensor `name`, if there is one that was not yet taken.
    #[must_use]
    pub fn shape(&self, name: &str) -> Option<Vec<i64>> {
        self.weights.shape(&self.full_name(name))
    }

    fn full_name(&self, name: &str) -> String {
        if self.prefix.is_empty() { name.to_owned() } else { format!("{}.{name}", self.prefix) }
    }
}
