//! BigSleep: the optimisation of BigGAN's latents against CLIP.

mod limits;
mod settings;

pub use limits::OutOfRange;
pub use settings::{DreamSettings, Interpolation, Precision};
