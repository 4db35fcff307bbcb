use std::{
    collections::BTreeMap,
    fs,
    num::NonZeroU16,
    path::{Path, PathBuf},
};

use checkpoint::write_safetensors;
use clip::CIFAR100;
use model_sets::{Activation, Component, FileEntry, Manifest, ROLES};
use sha2::{Digest, Sha256};
use tch::{Kind, Tensor};

use crate::{MiniatureError, Settings, Table, wide::Wide};

/// The folder of the model set, `weights/mini`.
#[derive(Clone, Debug)]
pub struct ModelSet {
    folder: PathBuf,
}

impl ModelSet {
    /// A set in `folder`, whatever it holds so far.
    #[must_use]
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self { folder: folder.into() }
    }

    /// Path of a component's weights.
    #[must_use]
    pub fn weights(&self, component: &str) -> PathBuf {
        self.folder.join(format!("{component}.safetensors"))
    }

    /// Path of the generator's configuration.
    #[must_use]
    pub fn generator_config(&self) -> PathBuf {
        self.folder.join("generator.json")
    }

    /// Writes a component's weights in half precision, which is what a computation in single
    /// precision needs of them.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn write(
        &self,
        component: &str,
        tensors: Vec<(String, Tensor)>,
        steps: u64,
    ) -> Result<(), MiniatureError> {
        let half = |(name, tensor): (String, Tensor)| (name, tensor.detach().to_kind(Kind::Half));
        let tensors: Vec<(String, Tensor)> = torch_ext::no_grad(|| tensors.into_iter().map(half).collect());
        let tensors: Vec<(&str, &Tensor)> =
            tensors.iter().map(|(name, tensor)| (name.as_str(), tensor)).collect();
        let notes = BTreeMap::from([("steps".to_owned(), steps.to_string())]);
        Ok(write_safetensors(&self.weights(component), &tensors, &notes)?)
    }

    /// Writes the generator's weights and sizes, widened as `Wide` says.
    ///
    /// # Errors
    /// When a file cannot be written.
    pub fn write_generator(
        &self,
        tensors: Vec<(String, Tensor)>,
        config: &biggan::Config,
        steps: u64,
    ) -> Result<(), MiniatureError> {
        let wide = Wide::of(config);
        let tensors = tensors.into_iter().map(|(name, tensor)| {
            let tensor = wide.tensor(&name, &tensor.detach());
            (name, tensor)
        });
        self.write("generator", tensors.collect(), steps)?;
        let text = serde_json::to_string_pretty(&wide.config()).expect("numbers and lists are JSON");
        write(&self.generator_config(), &(text + "\n"))
    }

    /// Writes the manifest of the models that are there, with their digests; none while there are
    /// not the two that dreams need.
    ///
    /// # Errors
    /// When a file cannot be read or written.
    pub fn write_manifest(&self, settings: &Settings) -> Result<(), MiniatureError> {
        match self.manifest(settings)? {
            Some(manifest) => write(&self.folder.join("manifest.toml"), &commented(&manifest)),
            None => Ok(()),
        }
    }

    fn manifest(&self, settings: &Settings) -> Result<Option<Manifest>, MiniatureError> {
        let [generator, perceptor, judge, segmenter] = ROLES.map(|(role, kind)| self.component(role, kind));
        let (Some(generator), Some(perceptor)) = (generator?, perceptor?) else { return Ok(None) };
        let side = u16::try_from(settings.segmenter.side).ok().and_then(NonZeroU16::new);
        Ok(Some(Manifest {
            name: "mini".to_owned(),
            about: "A small BigGAN-deep, CLIP and DeepLabv3, trained on emoji: not the paper's models"
                .to_owned(),
            reproduces: None,
            dream: toml::toml! { cutouts = 8 },
            labels: Some(labels()),
            generator: Component { config: Some(entry(&self.generator_config())?), ..generator },
            perceptor,
            judge: judge?,
            segmenter: segmenter?.map(|segmenter| Component { side, ..segmenter }),
        }))
    }

    /// The model that plays `role`, if it is there.
    fn component(&self, role: &str, kind: model_sets::Kind) -> Result<Option<Component>, MiniatureError> {
        let weights = self.weights(role);
        if !weights.exists() {
            return Ok(None);
        }
        Ok(Some(Component {
            kind,
            source: "crates/miniature".to_owned(),
            license: LICENSE.to_owned(),
            activation: (kind == model_sets::Kind::Clip).then_some(Activation::QuickGelu),
            config: None,
            side: None,
            weights: entry(&weights)?,
            classes: None,
        }))
    }
}

/// The names of CIFAR-100 that its perceptor knows: images are compared with these where an
/// experiment states no labels.
fn labels() -> Vec<String> {
    let table = Table::embedded();
    let known = table.classes.iter().map(|class| class.name.as_str()).filter(|name| CIFAR100.contains(name));
    known.map(str::to_owned).collect()
}

/// The weights are the project's; the art that they were trained on is Apache-2.0, CC-BY-4.0 and
/// MIT: `weights/mini/ATTRIBUTION.md`.
const LICENSE: &str = "(MIT OR Apache-2.0) AND CC-BY-4.0";

/// The manifest as text, with its comments.
fn commented(manifest: &Manifest) -> String {
    let mut document = manifest.document().expect("texts and numbers are TOML");
    if let Some(mut name) = document.key_mut("name") {
        name.leaf_decor_mut().set_prefix(HEAD);
    }
    if let Some(cutouts) = document["dream"]["cutouts"].as_value_mut() {
        cutouts.decor_mut().set_suffix(" # what a small image needs; an experiment may state another number");
    }
    document.to_string()
}

const HEAD: &str = "# The small models that come with the repository: MODEL_CARD.md says what they are. \
                    `miniature export` writes this file.\n";

fn entry(path: &Path) -> Result<FileEntry, MiniatureError> {
    let bytes = fs::read(path).map_err(|source| MiniatureError::File { path: path.to_owned(), source })?;
    let sha256: String = Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    Ok(FileEntry { path: name.into_owned(), url: None, sha256: Some(sha256) })
}

fn write(path: &Path, text: &str) -> Result<(), MiniatureError> {
    let folder = path.parent().unwrap_or(Path::new(""));
    fs::create_dir_all(folder)
        .and_then(|()| fs::write(path, text))
        .map_err(|source| MiniatureError::File { path: path.to_owned(), source })
}

#[cfg(test)]
mod tests {
    use tch::Device;

    use super::*;

    #[test]
    fn writes_a_whole_set_as_the_program_reads_it() {
        let folder = tempfile::tempdir().expect("a folder");
        let set = ModelSet::new(folder.path());
        for (component, _) in ROLES {
            let tensor = Tensor::ones([2], (Kind::Float, Device::Cpu));
            set.write(component, vec![("ones".to_owned(), tensor)], 7).expect("weights");
        }
        fs::write(set.generator_config(), "{}").expect("a configuration");
        set.write_manifest(&Settings::embedded()).expect("a manifest");
        let manifest = fs::read_to_string(folder.path().join("manifest.toml")).expect("the manifest");
        let manifest: model_sets::Manifest = toml::from_str(&manifest).expect("a manifest of the program's");
        assert_eq!(manifest.components().count(), ROLES.len());
        assert!(
            manifest.generator.config.is_some() && manifest.segmenter.is_some_and(|one| one.side.is_some())
        );
    }

    #[test]
    fn writes_the_committed_manifest_to_the_byte() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../weights/mini");
        let manifest = ModelSet::new(&folder).manifest(&Settings::embedded()).expect("files").expect("a set");
        let committed = fs::read_to_string(folder.join("manifest.toml")).expect("the manifest");
        assert_eq!(commented(&manifest), committed);
    }

    #[test]
    fn the_manifest_lists_what_is_there() {
        let folder = tempfile::tempdir().expect("a folder");
        let set = ModelSet::new(folder.path());
        let write = |role: &str| {
            let tensor = Tensor::ones([2], (Kind::Float, Device::Cpu));
            set.write(role, vec![("ones".to_owned(), tensor)], 7).expect("weights");
        };
        let manifest = || set.manifest(&Settings::embedded()).expect("a manifest");
        fs::write(set.generator_config(), "{}").expect("a configuration");
        write("generator");
        assert_eq!(manifest(), None, "no dream can be had of it yet");
        write("perceptor");
        assert!(manifest().is_some_and(|set| set.judge.is_none() && set.segmenter.is_none()));
        write("judge");
        let labels = manifest().and_then(|set| set.labels).expect("labels");
        assert!(labels.contains(&"bicycle".into()) && !labels.contains(&"cat".into()), "{labels:?}");
        let weights = checkpoint::Weights::open(&set.weights("judge")).expect("weights");
        assert_eq!(weights.metadata()["steps"], "7");
    }
}
