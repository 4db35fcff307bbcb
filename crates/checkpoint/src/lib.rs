//! Named tensors out of files that others wrote, and into files of our own.
//!
//! [`Weights::open`] reads a file, a model takes its tensors out through a [`Scope`], and
//! [`Weights::finish`] reports everything that did not fit at once. Nothing in a file is ever
//! executed.
//!
//! ```
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # use std::{collections::BTreeMap, path::Path};
//! # use checkpoint::{Weights, write_safetensors};
//! # use tch::{Device, Kind, Tensor};
//! # let folder = tempfile::tempdir()?;
//! # let path = folder.path().join("linear.safetensors");
//! # let saved = Tensor::ones([2, 3], (Kind::Half, Device::Cpu));
//! # write_safetensors(&path, &[("fc.weight", &saved)], &BTreeMap::new())?;
//! let weights = Weights::open(&path)?;
//! let fc = weights.root(Kind::Float, Device::Cpu).sub("fc");
//! let weight = fc.take("weight", &[2, 3]); // half precision in the file, single here
//! weights.finish()?;
//! # assert_eq!(weight.kind(), Kind::Float);
//! # Ok(())
//! # }
//! ```

mod archive;
mod entry;
mod error;
mod format;
mod kind;
mod mismatch;
mod open;
mod pickled;
mod pytorch;
mod safetensors_file;
mod scope;
mod stored;
mod torchscript;
mod weights;

pub use error::CheckpointError;
pub use mismatch::{Misshaped, WeightMismatch};
pub use safetensors_file::write_safetensors;
pub use scope::Scope;
pub use weights::Weights;
