use std::collections::BTreeMap;

use model_sets::{Activation, Component, Identity, ModelSet, ModelSetError};
use records::ModelFile;

/// Which judges a model set has besides its perceptor, not loaded.
#[derive(Clone, Debug)]
pub struct Judges<'s> {
    /// The model set.
    pub set: &'s ModelSet,
    perceptor: String,
    /// The held-out judge and its files, if it is installed.
    pub(super) judge: Option<InstalledModel<'s>>,
    /// The segmenter and its files, if it is installed.
    pub(super) segmenter: Option<InstalledModel<'s>>,
    absent: Vec<String>,
}

/// A model and its files.
#[derive(Clone, Debug)]
pub(super) struct InstalledModel<'s> {
    pub(super) component: &'s Component,
    files: BTreeMap<String, ModelFile>,
}

impl<'s> Judges<'s> {
    /// The judges of `set` that are installed, whose files are compared with their digests.
    ///
    /// # Errors
    /// When a file is unreadable, or another than the manifest means.
    pub fn of(set: &'s ModelSet, identity: &Identity) -> Result<Self, ModelSetError> {
        let manifest = &set.manifest;
        let perceptor = identity.files.get(&manifest.perceptor.weights.path);
        let mut judges = Self {
            set,
            perceptor: perceptor.map_or_else(String::new, |file| match manifest.perceptor.activation {
                Some(Activation::Gelu) => format!("{} gelu", file.sha256),
                _ => file.sha256.clone(),
            }),
            judge: None,
            segmenter: None,
            absent: Vec::new(),
        };
        judges.judge = judges.installed_model("judge", manifest.judge.as_ref())?;
        judges.segmenter = judges.installed_model("segmenter", manifest.segmenter.as_ref())?;
        Ok(judges)
    }

    fn installed_model(
        &mut self,
        role: &str,
        component: Option<&'s Component>,
    ) -> Result<Option<InstalledModel<'s>>, ModelSetError> {
        let Some(component) = component else { return Ok(None) };
        let files = self.set.installed(component)?;
        if files.is_none() {
            let name = &self.set.manifest.name;
            self.absent.push(format!(
                "the {role} of the model set {name} is not installed (`runner weights fetch {name}` fetches it)"
            ));
        }
        Ok(files.map(|files| InstalledModel { component, files }))
    }

    /// The judges that the model set names but that are not installed, in words.
    pub fn absent(&self) -> &[String] {
        &self.absent
    }

    /// The held-out judge, if it is installed.
    pub fn judge(&self) -> Option<&'s Component> {
        self.judge.as_ref().map(|installed_model| installed_model.component)
    }

    /// The segmenter, if it is installed.
    pub fn segmenter(&self) -> Option<&'s Component> {
        self.segmenter.as_ref().map(|installed_model| installed_model.component)
    }

    /// SHA-256 of the perceptor's weights, and its activation if the manifest states the exact
    /// GELU.
    pub fn perceptor_digest(&self) -> &str {
        &self.perceptor
    }

    /// SHA-256 of the held-out judge's files, if it is installed.
    pub fn judge_digests(&self) -> Option<Vec<&str>> {
        self.judge.as_ref().map(InstalledModel::digests)
    }

    /// SHA-256 of the segmenter's files, if it is installed.
    pub fn segmenter_digests(&self) -> Option<Vec<&str>> {
        self.segmenter.as_ref().map(InstalledModel::digests)
    }

    /// The files of the judges besides the perceptor.
    pub fn files(&self) -> impl Iterator<Item = (&String, &ModelFile)> {
        self.judge.iter().chain(&self.segmenter).flat_map(|installed_model| &installed_model.files)
    }

    /// Names of the segmenter's classes, the background first; none without a segmenter.
    pub fn classes(&self) -> Vec<String> {
        let classes = |installed_model: &InstalledModel| {
            let vocs = || deeplab::CLASSES.map(str::to_owned).to_vec();
            installed_model.component.classes.clone().unwrap_or_else(vocs)
        };
        self.segmenter.as_ref().map(classes).unwrap_or_default()
    }
}

impl InstalledModel<'_> {
    /// With the exact GELU if the manifest states it, which makes another model of the same files.
    fn digests(&self) -> Vec<&str> {
        let gelu = self.component.activation == Some(Activation::Gelu);
        let files = self.files.values().map(|file| file.sha256.as_str());
        files.chain(gelu.then_some("gelu")).collect()
    }
}
