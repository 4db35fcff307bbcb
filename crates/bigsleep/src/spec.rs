//! What a dream is.

use crate::{DreamSettings, Prompt};
use optim::OptimizerConfig;

/// One dream: the same spec and models give the same dream.
#[derive(Clone, Debug, PartialEq)]
pub struct DreamSpec {
    /// What it shall look like.
    pub prompt: Prompt,
    /// Where its initial latents and its cutouts come from. Dreams of one seed have both alike, whatever the rest.
    pub seed: u64,
    /// What changes its latents.
    pub optimizer: OptimizerConfig,
    /// Everything else.
    pub settings: DreamSettings,
}
