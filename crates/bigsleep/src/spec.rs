//! Specification of a dream.

use crate::{DreamSettings, Prompt};
use optim_python::AnyOptimizer;

/// One dream: the same spec and models give the same dream.
#[derive(Clone, Debug, PartialEq)]
pub struct DreamSpec {
    /// The prompt.
    pub prompt: Prompt,
    /// Seed of the initial latents and the cutouts. Dreams of one seed share both, whatever the
    /// rest.
    pub seed: u64,
    /// The optimizer of its latents.
    pub optimizer: AnyOptimizer,
    /// Everything else.
    pub settings: DreamSettings,
}
