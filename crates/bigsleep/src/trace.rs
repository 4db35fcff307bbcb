//! Trace: the record of every step of a dream.

use serde::{Deserialize, Serialize};

/// The loss of one step, as it was before the step changed the latents.
///
/// `loss` = `similarity` + `latent` + `class`, the means over the step's draws of cutouts.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct TraceRow {
    /// The step, counted from 1.
    pub step: u32,
    /// The total, which the optimizer minimizes.
    pub loss: f64,
    /// The similarity term: -`loss_coef` × the mean cosine of cutouts and text, summed over the texts to approach, plus
    /// the same without the minus for the texts to avoid. Lower is more similar; the report's curves are this over 100.
    pub similarity: f64,
    /// The latent term: how far the latent vectors are from looking normally distributed.
    pub latent: f64,
    /// The class term: how much weight lies on classes other than each row's first.
    pub class: f64,
}

/// Status of a dream.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    /// Steps remain.
    Running,
    /// All steps were taken.
    Finished,
    /// The loss, its gradient or the latents became infinite or not a number. The latents and their average are those
    /// before this step, and stay so.
    Diverged {
        /// The step that failed, counted from 1.
        at_step: u32,
    },
}
