//! Model sets: folders of weights with a manifest that says what they are and where they come from.
mod digest;
mod fetch;
mod identity;
mod kinds;
mod label_choice;
mod layout;
mod manifest;
mod set;

pub use digest::of_file as digest_of_file;
pub use fetch::{FetchError, Progress, fetch};
pub use identity::Identity;
pub use kinds::KindError;
pub use label_choice::LabelChoice;
pub use manifest::{Activation, Component, FileEntry, Kind, Manifest, ROLES};
pub use set::{ManifestError, ModelSet, ModelSetError, ModelSets, Verified};
