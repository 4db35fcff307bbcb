//! An experiment as its TOML file states it, checked: every value is in range and every key is
//! known.
//!
//! ```
//! # use experiment::Experiment;
//! let text = r#"
//!     name = "optimizers"
//!     models = ["paper", "mini"]                 # the first set that is installed
//!     prompts = ["bicycle", "cow"]
//!     seeds = [0]
//!
//!     [dream]
//!     iterations = 200
//!
//!     [optimizer]
//!     sgd = { lr = 15 }
//!     adam = { lr = [0.02, 0.05] }               # a list is an axis: two cells
//!
//!     [labels]
//!     cow = "cattle"                             # what the judges call a prompt
//!
//!     [evaluation]
//!     labels = ["bicycle", "cattle", "chair"]    # what every image is compared with; CIFAR-100's names by default
//! "#;
//! let experiment = Experiment::parse("optimizers.toml", text)?;
//! assert_eq!(experiment.optimizers.len(), 3);
//! # Ok::<(), Box<experiment::ExperimentError>>(())
//! ```
mod axes;
mod by_value;
mod canonical;
mod check;
mod count;
mod error;
mod evaluation;
mod exclude;
mod files;
mod format;
mod images;
mod kept;
mod layers;
mod optimizers;
mod overrides;
pub mod plan;
mod prompt;
mod python;
mod read;
mod reading;
mod rounding;
mod schema;
mod seeds;
mod sources;
mod spans;
mod study;
mod tables;
mod told;
pub mod tuning;
mod words;

pub use axes::{Axis, Variant};
pub(crate) use by_value::ByValue;
pub use evaluation::{CIFAR100, EvaluationSettings};
pub use exclude::Exclusion;
pub use files::{PythonFile, PythonFileError, with_kept_files};
pub use images::{PromptImage, PromptImageError, UnreadableImage, with_kept_images};
pub use kept::INPUTS;
pub use layers::Layers;
pub use overrides::{Override, with_overrides};
pub use prompt::PromptEntry;
pub use schema::json_schema;
pub use seeds::Seeds;
pub use sources::Sources;
pub use study::StudySettings;
pub use told::ExperimentError;
pub use tuning::Tuning;

use std::ops::RangeInclusive;
use std::path::PathBuf;

use bigsleep::DreamSettings;
use optim_python::AnyOptimizer;
use toml::Spanned;
use toml::de::DeTable;

/// An experiment: the axes whose product is its grid of cells.
#[derive(Clone, Debug)]
pub struct Experiment {
    /// Its name, which is also its results folder's.
    pub name: String,
    /// Model sets, the most wanted first.
    pub models: Vec<String>,
    /// Prompts.
    pub prompts: Vec<PromptEntry>,
    /// Seeds.
    pub seeds: Seeds,
    /// The text that a class name is put into to be judged.
    pub template: String,
    /// Optimizers with their settings; lists of settings have been multiplied out.
    pub optimizers: Vec<Variant<AnyOptimizer>>,
    /// The dream's settings; lists of settings have been multiplied out.
    pub dreams: Vec<Variant<DreamSettings>>,
    /// By what final images are judged.
    pub evaluation: EvaluationSettings,
    /// Cells to leave out.
    pub exclude: Vec<Exclusion>,
    /// A table of published figures to be shown beside; relative to the experiment's file.
    pub published: Option<PathBuf>,
    /// The TOML that says the same by itself: what the results folder keeps.
    pub text: String,
    /// Questions to the analysis.
    pub study: StudySettings,
    /// The tuning, if any setting is to be tuned.
    pub tuning: Option<Tuning>,
    /// The folder of its cells below `cells/`, if they have one of their own.
    pub(crate) folder: Option<&'static str>,
    /// How the initial latents of its cells are rounded: 0 as they are drawn, 1 and on moved by one
    /// unit in the last place.
    pub(crate) nudges: RangeInclusive<u32>,
    layers: Layers,
}

impl Experiment {
    /// Reads the text of an experiment; `file` names it in errors.
    ///
    /// # Errors
    /// The first fault, with its place in the text.
    pub fn parse(file: &str, text: &str) -> Result<Self, Box<ExperimentError>> {
        Layers::new(file, text).read()
    }

    /// The texts that it was read from.
    pub fn sources(&self) -> Sources {
        Sources::of(self.layers.texts())
    }

    /// The table that was read, with the places of its values in `sources`, which are this
    /// experiment's.
    pub fn placed<'s>(&self, sources: &'s Sources) -> Option<Spanned<DeTable<'s>>> {
        self.layers.merged(sources).ok()
    }

    /// Adds a model set's settings where it states none itself; `file` names the manifest
    /// in errors.
    ///
    /// # Errors
    /// The first fault, which may be one of the manifest's.
    pub fn over_models(&self, file: &str, manifest: &str) -> Result<Self, Box<ExperimentError>> {
        self.layers.clone().over_models(file, manifest).read()
    }
}

#[cfg(test)]
mod refusals;
#[cfg(test)]
mod tests;
