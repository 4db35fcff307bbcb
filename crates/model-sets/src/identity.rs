use std::collections::BTreeMap;

use records::ModelFile;
use sha2::{Digest, Sha256};

use super::Activation;
use super::digest::hex;

/// Identity of a model set: part of each cell's digest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The model set's name.
    pub name: String,
    /// The publication whose models these are, if they are any's.
    pub reproduces: Option<String>,
    /// SHA-256 (hex) over the files that dreams are computed with: the generator's and the
    /// perceptor's.
    pub digest: String,
    /// Files of the set.
    pub files: BTreeMap<String, ModelFile>,
}

impl Identity {
    /// The identity of the set `name` with these files.
    pub fn new(name: impl Into<String>, files: BTreeMap<String, ModelFile>) -> Self {
        let mut hash = Sha256::new();
        for file in files.values() {
            hash.update(file.sha256.as_bytes()); // contents, not names: a renamed file is the same model
        }
        Self { name: name.into(), reproduces: None, digest: hex(&hash.finalize()), files }
    }

    /// The identity of the same files, with the activation that the manifest states for the
    /// perceptor: the exact GELU makes other dreams of them. `QuickGELU`, without a word in earlier
    /// manifests, changes nothing.
    #[must_use]
    pub fn with_activation(self, stated: Option<Activation>) -> Self {
        if stated != Some(Activation::Gelu) {
            return self;
        }
        let mut hash = Sha256::new();
        hash.update(self.digest.as_bytes());
        hash.update(b"activation = gelu");
        Self { digest: hex(&hash.finalize()), ..self }
    }
}
