use std::fmt::Display;

use tch::Tensor;

/// A tensor of the network under the name that checkpoints have for it.
#[derive(Debug)]
pub(crate) struct Named {
    pub(crate) name: String,
    pub(crate) tensor: Tensor,
    pub(crate) role: Role,
}

/// Distinguishes trainable parameters from buffers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    Parameter,
    Buffer,
}

impl Named {
    /// Shares the tensor instead of copying it.
    pub(crate) fn new(name: &str, tensor: &Tensor, role: Role) -> Self {
        Self { name: name.to_owned(), tensor: tensor.shallow_clone(), role }
    }
}

/// The tensors of a part, named as the whole names them.
pub(crate) fn under(part: impl Display, tensors: Vec<Named>) -> Vec<Named> {
    let name_in_whole = |named: Named| Named { name: format!("{part}.{}", named.name), ..named };
    tensors.into_iter().map(name_in_whole).collect()
}
