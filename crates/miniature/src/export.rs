use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use checkpoint::write_safetensors;
use clip::CIFAR100;
use model_sets::ROLES;
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

    /// Writes a component's weights in half precision, which is what a computation in single precision needs of them.
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

    /// Writes the manifest of the components that are there, with their digests.
    ///
    /// # Errors
    /// When a file cannot be read or written.
    pub fn write_manifest(&self, settings: &Settings) -> Result<(), MiniatureError> {
        let mut manifest = HEAD.to_owned() + &labels();
        for (component, kind) in ROLES {
            let weights = self.weights(component);
            if !weights.exists() {
                continue;
            }
            manifest += &format!(
                "\n[{component}]\nkind = \"{}\"\nsource = \"{SOURCE}\"\nlicence = \"{LICENCE}\"\n",
                kind.name()
            );
            if component == "generator" {
                manifest += &format!("config = {}\n", entry(&self.generator_config())?);
            }
            if component == "segmenter" {
                manifest += &format!("side = {}\n", settings.segmenter.side);
            }
            manifest += &format!("weights = {}\n", entry(&weights)?);
        }
        write(&self.folder.join("manifest.toml"), &manifest)
    }
}

const HEAD: &str = r#"# The small models that come with the repository: MODEL_CARD.md says what they are. `miniature export` writes this file.
name = "mini"
about = "A small BigGAN-deep, CLIP and DeepLabv3, trained on emoji: not the paper's models"
dream.cutouts = 8 # what a small image needs; an experiment may state another number
"#;

/// The names of CIFAR-100 that its perceptor knows: images are compared with these where an experiment states no labels.
fn labels() -> String {
    let table = Table::embedded();
    let known = table.classes.iter().map(|class| class.name.as_str()).filter(|name| CIFAR100.contains(name));
    let lines = known.map(|name| format!("  {},\n", toml::Value::from(name)));
    format!("labels = [\n{}]\n", lines.collect::<String>())
}

const SOURCE: &str = "crates/miniature";

/// The weights are the project's; the art that they were trained on is Apache-2.0, CC-BY-4.0 and MIT: `weights/mini/ATTRIBUTION.md`.
const LICENCE: &str = "(MIT OR Apache-2.0) AND CC-BY-4.0";

fn entry(path: &Path) -> Result<String, MiniatureError> {
    let bytes = fs::read(path).map_err(|source| MiniatureError::File { path: path.to_owned(), source })?;
    let sha256: String = Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    Ok(format!("{{ path = \"{name}\", sha256 = \"{sha256}\" }}"))
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
    fn the_manifest_lists_what_is_there_with_its_digest() {
        let folder = tempfile::tempdir().expect("a folder");
        let set = ModelSet::new(folder.path());
        let tensor = Tensor::ones([2], (Kind::Float, Device::Cpu));
        set.write("judge", vec![("ones".to_owned(), tensor)], 7).expect("weights");
        set.write_manifest(&Settings::embedded()).expect("a manifest");
        let manifest = fs::read_to_string(folder.path().join("manifest.toml")).expect("the manifest");
        let manifest: toml::Table = manifest.parse().expect("TOML");
        assert!(!manifest.contains_key("generator"));
        let labels: Vec<&str> =
            manifest["labels"].as_array().expect("labels").iter().filter_map(toml::Value::as_str).collect();
        assert!(labels.contains(&"bicycle") && !labels.contains(&"cat"), "{labels:?}");
        let digest = manifest["judge"]["weights"]["sha256"].as_str().expect("a digest");
        let bytes = fs::read(set.weights("judge")).expect("the weights");
        let want: String = Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(digest, want);
        let weights = checkpoint::Weights::open(&set.weights("judge")).expect("weights");
        assert_eq!(weights.metadata()["steps"], "7");
    }
}
