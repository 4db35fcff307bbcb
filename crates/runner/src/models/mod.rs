//! The models of a set: loaded for dreams, and the work that a step of theirs is.
mod load;
mod workload;

pub use load::LoadError;
pub(crate) use load::{generator_config, load};
pub use workload::Workload;
