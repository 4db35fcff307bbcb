//! Trace: the record of every step of a dream.

use loss_terms::LossTerms;
use serde::{Deserialize, Serialize};

/// The loss of one step, as it was before the step changed the latents: the means over the step's
/// draws of cutouts.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct TraceRow {
    /// The step, counted from 1.
    pub step: u32,
    /// The loss and its terms.
    pub loss: LossTerms,
}

/// Status of a dream.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    /// Steps remain.
    Running,
    /// All steps were taken.
    Finished,
    /// The loss, its gradient or the latents became infinite or not a number. The latents and their
    /// average are those before this step, and stay so.
    Diverged {
        /// The step that failed, counted from 1.
        at_step: u32,
    },
}
