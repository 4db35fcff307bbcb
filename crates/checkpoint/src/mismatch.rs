use std::{fmt, path::PathBuf};

use thiserror::Error;

/// Every way in which a file's tensors differ from those that a model took, sorted by name.
#[derive(Debug, Error)]
pub struct WeightMismatch {
    /// The file, or whatever else the tensors came from.
    pub path: PathBuf,
    /// Tensors that the model needs and the file lacks.
    pub missing: Vec<String>,
    /// Tensors that the file holds and the model did not take.
    pub unexpected: Vec<String>,
    /// Tensors of another shape than the model's.
    pub misshaped: Vec<Misshaped>,
}

/// A tensor whose shape is not the model's.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Misshaped {
    /// The tensor.
    pub name: String,
    /// The model's shape.
    pub expected: Vec<i64>,
    /// The file's shape.
    pub found: Vec<i64>,
}

impl fmt::Display for WeightMismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` does not fit the model", self.path.display())?;
        for name in &self.missing {
            write!(f, "\n  missing: {name}")?;
        }
        for name in &self.unexpected {
            write!(f, "\n  unexpected: {name}")?;
        }
        for Misshaped { name, expected, found } in &self.misshaped {
            write!(f, "\n  misshaped: {name} is {found:?}, expected {expected:?}")?;
        }
        Ok(())
    }
}
