//! BigSleep: the optimisation of BigGAN's latents against CLIP.

mod limits;
mod prompt;
mod settings;
mod trace;

pub use limits::OutOfRange;
pub use prompt::Prompt;
pub use settings::{DreamSettings, Interpolation, Precision};
pub use trace::{Status, TraceRow};
