//! What judges say of images: CLIPs that rank labels, and a segmenter.
//!
//! Judges look at image files, so that anyone can do the same with the files of a results folder. A run lets them look when
//! its cells have ended ([`Pass`]), and records what they say: the report needs no model.
mod error;
mod judges;
mod labels;
mod looker;
mod panel;
mod pass;
mod question;
mod segmenter;

pub use error::EvaluationError;
pub use judges::Judges;
pub use labels::Labels;
pub use panel::{Opinion, Panel};
pub use pass::Pass;
pub use question::Question;
