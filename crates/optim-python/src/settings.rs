use std::sync::Arc;

use optim::Schedule;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::PythonSource;

/// Settings of an optimizer in Python.
///
/// ```toml
/// soap = { python = "pytorch_optimizer.SOAP", args = { lr = 0.01 } }
/// mine = { python = "optimizers/mine.py:Mine", schedule = { then = "cosine" } }
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[serde(expecting = "a table such as { python = \"torch.optim.Adam\", args = { lr = 0.05 } }")]
pub struct PythonSettings {
    /// The class: `package.Class`, or `path/to/file.py:Class` with a path from the folder of the
    /// experiment's file.
    #[schemars(with = "String", regex(pattern = r"^([A-Za-z_]\w*(\.[A-Za-z_]\w*)+|.+\.py:[A-Za-z_]\w*)$"))]
    pub python: PythonSource,
    /// Arguments that it is made with, besides the parameters. A list of values is a further axis
    /// of the grid; a list within it comes to Python as a tuple: `betas = [[0.9, 0.99]]`.
    #[serde(default, skip_serializing_if = "toml::Table::is_empty")]
    #[schemars(with = "std::collections::BTreeMap<String, serde_json::Value>", default)]
    pub args: toml::Table,
    /// The learning-rate schedule, which acts on `lr` of its `param_groups`; constant by default.
    #[serde(default)]
    pub schedule: Schedule,
    /// SHA-256 of its file's content, once that has been read.
    #[serde(skip_deserializing, skip_serializing_if = "Option::is_none")]
    #[schemars(skip)]
    pub sha256: Option<String>,
    /// Its file's content, once that has been read.
    #[serde(skip)]
    pub text: Option<Arc<str>>,
}
