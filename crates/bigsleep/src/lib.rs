//! BigSleep: the optimization of BigGAN's latents against CLIP.
//!
//! A [`Dreamer`] holds the two networks; a [`DreamSpec`] says what is dreamt; a [`Dream`] is one of
//! them under way, and dreams are advanced in batches. It computes what the package `big-sleep`
//! 0.9.1 computes, without its faults.
//!
//! ```no_run
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let (generator, clip) = unimplemented!();
//! # let optimizer: bigsleep::AnyOptimizer = unimplemented!();
//! use bigsleep::{DreamSettings, DreamSpec, Dreamer, Prompt};
//!
//! let settings = DreamSettings { epochs: 1, ..DreamSettings::default() };
//! let dreamer = Dreamer::new(generator, clip, &settings)?;
//! let spec = DreamSpec { prompt: Prompt::approach("a bear in the forest"), seed: 0, optimizer, settings };
//! let mut dreams = [dreamer.begin(&spec)?];
//! for _ in 0..spec.settings.steps() {
//!     dreamer.step(&mut dreams)?;
//! }
//! for row in dreams[0].take_trace() {
//!     println!("{} {}", row.step, row.loss.total);
//! }
//! let image = dreamer.image(&dreams[0]); // [3, side, side], in [0, 1]
//! # Ok(())
//! # }
//! ```
//!
//! With models: `examples/dream.rs`, which makes one image. Where to read on: `dreamer` for the
//! step, `losses` for what is minimized, `boxes` and `cutouts` for what the perceptor sees, `dream`
//! for what a step does to a dream and when it ends.

mod aim;
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
mod losses;
mod memory;
mod prompt;
mod random;
mod recorder;
mod resize;
mod save;
mod settings;
mod spec;
mod trace;
mod update;

pub use dream::Dream;
pub use dreamer::Dreamer;
pub use dreamer::parts;
pub use error::DreamError;
pub use loss_terms::LossTerms;
pub use optim_python::{AnyOptimizer, PythonError};
pub use prompt::Prompt;
pub use ranges::OutOfRange;
pub use settings::{DreamSettings, Interpolation, Precision};
pub use spec::DreamSpec;
pub use trace::{Status, TraceRow};
