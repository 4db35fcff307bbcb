//! A saved state is taken over whole or not at all.

use std::collections::BTreeMap;
use std::fmt;

use tch::Tensor;
use thiserror::Error;

/// A saved state does not belong to this optimizer.
#[derive(Clone, Debug, Default, PartialEq, Error)]
pub struct RestoreError {
    /// Tensors that the optimizer needs and the state has not.
    pub missing: Vec<String>,
    /// Tensors that the state has and the optimizer has no use for.
    pub unexpected: Vec<String>,
    /// Tensors of another shape or kind than the optimizer's.
    pub misshaped: Vec<Misshaped>,
}

/// A tensor of another shape or kind than expected.
#[derive(Clone, Debug, PartialEq)]
pub struct Misshaped {
    /// Its name.
    pub name: String,
    /// Shape and kind that the optimizer has.
    pub expected: String,
    /// Shape and kind that the state has.
    pub found: String,
}

impl fmt::Display for RestoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the saved state is not one of this optimizer")?;
        for name in &self.missing {
            write!(f, "; `{name}` is missing")?;
        }
        for name in &self.unexpected {
            write!(f, "; `{name}` is not known")?;
        }
        for Misshaped { name, expected, found } in &self.misshaped {
            write!(f, "; `{name}` is {found}, expected {expected}")?;
        }
        Ok(())
    }
}

/// Copies `saved` into `state` by name, if they match.
pub(crate) fn copy_all(
    state: &mut [(String, Tensor)],
    saved: impl IntoIterator<Item = (String, Tensor)>,
) -> Result<(), RestoreError> {
    let mut saved: BTreeMap<String, Tensor> = saved.into_iter().collect();
    let mut error = RestoreError::default();
    let mut copies = Vec::new();
    for (name, tensor) in state {
        match saved.remove(name) {
            None => error.missing.push(name.clone()),
            Some(from) if describe(&from) != describe(tensor) => error.misshaped.push(Misshaped {
                name: name.clone(),
                expected: describe(tensor),
                found: describe(&from),
            }),
            Some(from) => copies.push((tensor, from)),
        }
    }
    error.unexpected = saved.into_keys().collect();
    if error != RestoreError::default() {
        return Err(error);
    }
    for (tensor, from) in copies {
        tensor.copy_(&from);
    }
    Ok(())
}

fn describe(tensor: &Tensor) -> String {
    format!("{:?} {:?}", tensor.kind(), tensor.size())
}
