//! Files of others, as a results folder keeps them: by their content.

use std::path::{Path, PathBuf};

use toml_edit::Value;

/// The folder of these files in a results folder.
pub const INPUTS: &str = "inputs";

/// The path in a results folder of a file with the content `sha256`, named as the one at `path`,
/// or else `unnamed`.
pub(super) fn kept(sha256: &str, path: &Path, unnamed: &str) -> PathBuf {
    Path::new(INPUTS).join(&sha256[..16]).join(path.file_name().unwrap_or(unnamed.as_ref()))
}

/// A path as experiments and records have it: written alike on every system.
pub(super) fn slashed(path: &Path) -> String {
    path.iter().map(|part| part.to_string_lossy()).collect::<Vec<_>>().join("/")
}

/// Replaces a value; spaces and comments around it stay.
pub(super) fn replace(value: &mut Value, text: String) {
    let decor = value.decor().clone();
    *value = Value::from(text);
    *value.decor_mut() = decor;
}
