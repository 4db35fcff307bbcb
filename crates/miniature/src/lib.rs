//! Trains the small model set that the repository carries, on openly licensed emoji art.
//!
//! Read [`Renderer`] first: it says what the generator learns to draw, and what the perceptor
//! learns to name.

mod art;
mod average;
mod captions;
mod distort;
mod error;
mod evaluate;
mod export;
mod generator;
mod log;
mod loop_generator;
mod losses;
mod perceptor;
mod pose;
mod random;
mod render;
mod sample;
mod scenery;
mod segmenter;
mod settings;
/// Sheets of images.
pub mod sheet;
mod table;
mod training;
mod wide;

pub use art::Style;
pub use captions::{Content, caption};
pub use error::MiniatureError;
pub use evaluate::{Quality, evaluate};
pub use export::ModelSet;
pub use generator::Drawing;
pub use log::LogRow;
pub use loop_generator::LoopGenerator;
pub use perceptor::{LOGIT_SCALE, Perceptor};
pub use pose::Variation;
pub use random::{Stream, numbers};
pub use render::{Pictures, Renderer};
pub use sample::{Batch, Mixing, batch};
pub use segmenter::Segmenter;
pub use settings::{
    GeneratorSettings, HardeningSettings, NetworkSizes, PerceptorSettings, SegmenterSettings, Settings,
};
pub use table::{Class, Prop, Scene, Table};
pub use training::{Training, TrainingConfig};
