//! BigSleep: the optimisation of BigGAN's latents against CLIP.

mod boxes;
mod cutouts;
mod dream;
mod dreamer;
mod ema;
mod encoding;
mod error;
#[cfg(test)]
mod golden;
mod guidance;
mod latents;
mod limits;
mod losses;
mod memory;
mod prompt;
mod random;
mod recorder;
mod resize;
mod save;
mod settings;
mod spec;
mod tf32;
mod trace;

pub use dream::Dream;
pub use dreamer::Dreamer;
pub use error::DreamError;
pub use limits::OutOfRange;
pub use prompt::Prompt;
pub use settings::{DreamSettings, Interpolation, Precision};
pub use spec::DreamSpec;
pub use trace::{Status, TraceRow};
