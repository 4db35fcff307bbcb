//! What a dream is after.

use tch::Tensor;

use crate::DreamSettings;

/// What of a dream its loss depends on besides latents and cutouts.
pub(crate) struct Aim<'d> {
    pub(crate) target: &'d Tensor,
    pub(crate) loss_coef: &'d Tensor,
    pub(crate) settings: &'d DreamSettings,
}
