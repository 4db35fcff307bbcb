use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// `environment.json`: where and with what an experiment was run last.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Environment {
    /// Version of this program.
    pub dreambench: String,
    /// Revision of the working tree it was started in, where git knows one; `-dirty` when it had
    /// changes.
    pub git_revision: Option<String>,
    /// Version of libtorch.
    pub libtorch: String,
    /// Operating system and architecture.
    pub platform: String,
    /// The devices used: `cpu`, `cuda:0`, ….
    pub devices: Vec<String>,
    /// The model set.
    pub model_set: String,
    /// Its files, by their path in the set.
    pub model_files: BTreeMap<String, ModelFile>,
    /// Versions of Python, torch and the packages of optimizers that are in Python.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub python: BTreeMap<String, String>,
}

/// A file of a model set.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModelFile {
    /// SHA-256, hex.
    pub sha256: String,
    /// Size in bytes.
    pub bytes: u64,
}
