//! What judges say of images: CLIPs that rank labels, and a segmenter.
//!
//! [`Judges`] says which of them a model set has, a [`Panel`] holds them loaded; a [`Question`] and an image file give an
//! [`Opinion`]. They look at image files, so that anyone can do the same with the files of a results folder. A run lets them
//! look when its cells have ended, and records what they say: the report needs no model. Nothing here knows the generator.
mod activation;
mod error;
mod judges;
mod labels;
mod looker;
mod panel;
mod question;
mod ruler;
mod segmenter;

pub use activation::{activation, activation_help};
pub use error::EvaluationError;
pub use judges::Judges;
pub use labels::Labels;
pub use panel::{Opinion, Panel, Similarities};
pub use question::Question;
pub use ruler::Ruler;
