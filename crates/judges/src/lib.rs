//! Judges of images: CLIPs that rank labels, and a segmenter.
//!
//! [`Judges`] says which of them a model set has, a [`LoadedJudges`] holds them loaded; a
//! [`EvalRequest`] and an image file give a [`Judgment`]. They look at image files, so that anyone
//! can do the same with the files of a results folder. A run lets them look when its cells have
//! ended, and records what they say: the report needs no model. Nothing here knows the generator.
mod activation;
mod clip_judge;
mod error;
mod judges;
mod labels;
mod loaded;
mod request;
mod ruler;
mod segmenter;

pub use activation::{activation, activation_help};
pub use error::EvaluationError;
pub use judges::Judges;
pub use labels::Labels;
pub use loaded::{Judgment, LoadedJudges, Similarities};
pub use request::EvalRequest;
pub use ruler::Ruler;
