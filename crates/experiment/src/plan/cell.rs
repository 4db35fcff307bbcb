use bigsleep::{DreamSettings, Prompt};
use model_sets::Identity;
use optim::OptimizerConfig;
use records::slug;
use records::{CellRecord, CellStatus, CosineScale, FileDigests, Texts};
use serde::Serialize;
use serde_json::json;

use super::digest::digest;
use crate::{Axis, Experiment, PromptEntry, Variant};

/// Changes when the same settings come to mean another computation, so that old records are not taken for new ones.
const COMPUTATION: u32 = 1;

/// One point of the grid: everything that decides its result.
#[derive(Clone, Debug)]
pub struct Cell {
    /// Path of its folder below `cells/`.
    pub id: String,
    /// SHA-256 (hex) of everything below.
    pub digest: String,
    /// The prompt and what the judges call it.
    pub prompt: PromptEntry,
    /// The optimizer's name, with the settings that vary.
    pub optimizer_label: String,
    /// The optimizer.
    pub optimizer: OptimizerConfig,
    /// The dream's settings.
    pub dream: DreamSettings,
    /// Further axes.
    pub axes: Vec<Axis>,
    /// The seed.
    pub seed: u64,
    /// The text that its class name is put into to be judged.
    pub template: String,
    /// The model set's name.
    pub model_set: String,
}

impl Cell {
    pub(super) fn new(
        experiment: &Experiment,
        models: &Identity,
        (prompt, image_sha256): (&PromptEntry, Option<&str>),
        optimizer: &Variant<OptimizerConfig>,
        dream: &Variant<DreamSettings>,
        seed: u64,
    ) -> Self {
        let optimizer_label = optimizer.label();
        let mut parts = vec![prompt.name(), optimizer_label.replace('=', " ")];
        parts.extend(dream.axes.iter().map(|axis| format!("{} {}", axis.name, axis.value_text())));
        parts.push(format!("seed {seed}"));
        let id = parts.iter().map(|part| slug(part)).collect::<Vec<_>>().join("/");

        let digest = digest(&json!({
            "computation": COMPUTATION,
            "models": models.digest,
            "prompt": { "text": prompt.text, "avoid": prompt.avoid, "image": image_sha256 },
            "judged": experiment.template.replace("{}", &prompt.class_name),
            "optimizer": optimizer.settings,
            "dream": dream.settings,
            "seed": seed,
        }));
        Self {
            id,
            digest,
            prompt: prompt.clone(),
            optimizer_label,
            optimizer: optimizer.settings.clone(),
            dream: dream.settings.clone(),
            axes: dream.axes.clone(),
            seed,
            template: experiment.template.clone(),
            model_set: models.name.clone(),
        }
    }

    /// What the dream is to approach and to avoid.
    pub fn dream_prompt(&self) -> Prompt {
        let mut prompt = Prompt::approach(&self.prompt.text);
        if let Some(avoid) = &self.prompt.avoid {
            prompt = prompt.avoiding(avoid);
        }
        if let Some(image) = &self.prompt.image {
            prompt = prompt.with_image(image);
        }
        prompt
    }

    /// The number of texts that its similarity term sums over.
    pub fn texts(&self) -> Texts {
        let prompt = self.dream_prompt();
        Texts { approach: prompt.approach.len().max(1) as u32, avoid: prompt.avoid.len() as u32 }
    }

    /// What makes cosines of its similarity terms.
    pub fn cosine_scale(&self) -> CosineScale {
        CosineScale { loss_coef: self.dream.loss_coef, texts: self.texts() }
    }

    /// The text that the judges compare its image with.
    pub fn judged_text(&self) -> String {
        self.template.replace("{}", &self.prompt.class_name)
    }

    /// Its record, standing as `status` says.
    ///
    /// # Errors
    /// Never for settings that were read from TOML, of which all are.
    pub fn record(&self, status: CellStatus) -> Result<CellRecord, toml::ser::Error> {
        Ok(CellRecord {
            id: self.id.clone(),
            prompt: self.prompt.name(),
            class_name: self.prompt.class_name.clone(),
            optimizer: self.optimizer_label.clone(),
            seed: self.seed,
            model_set: self.model_set.clone(),
            digest: self.digest.clone(),
            status,
            texts: Some(self.texts()),
            axes: self.axes.iter().map(|axis| (axis.name.clone(), axis.value.clone())).collect(),
            optimizer_settings: table(&self.optimizer)?,
            dream: table(&self.dream)?,
            files: FileDigests::new(),
        })
    }
}

fn table(settings: &impl Serialize) -> Result<toml::Table, toml::ser::Error> {
    toml::Table::try_from(settings)
}
