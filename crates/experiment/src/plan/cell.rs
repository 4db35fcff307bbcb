use bigsleep::{DreamSettings, Prompt};
use model_sets::Identity;
use optim_python::AnyOptimizer;
use records::slug;
use records::{CellRecord, CellStatus, CosineScale, FileDigests, Texts};
use serde::Serialize;
use serde_json::json;

use super::digest::digest;
use crate::{Axis, Experiment, PromptEntry, Variant};

/// Changes when the same settings come to mean another computation, so that old records are not
/// taken for new ones.
const COMPUTATION: u32 = 1;

/// One point of the grid: everything that decides its result.
#[derive(Clone, Debug)]
pub struct Cell {
    /// Path of its folder below `cells/`.
    pub id: String,
    /// SHA-256 (hex) of all that decides its dream: not of what it is called, nor of what its image
    /// is compared with.
    pub digest: String,
    /// SHA-256 of the content of the prompt's image, if it has one.
    image: Option<String>,
    /// SHA-256 over the files of its models.
    models: String,
    /// The prompt and what the judges call it.
    pub prompt: PromptEntry,
    /// The optimizer's name, with the settings that vary.
    pub optimizer_label: String,
    /// The optimizer.
    pub optimizer: AnyOptimizer,
    /// The dream's settings.
    pub dream: DreamSettings,
    /// Further axes.
    pub axes: Vec<Axis>,
    /// The seed.
    pub seed: u64,
    /// How its initial latents are rounded: 0 as they are drawn, 1 and on moved by one unit in the
    /// last place.
    pub nudge: u32,
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
        optimizer: &Variant<AnyOptimizer>,
        dream: &Variant<DreamSettings>,
        (seed, nudge): (u64, u32),
    ) -> Self {
        let optimizer_label = optimizer.label();
        let mut parts = vec![prompt.name(), optimizer_label.replace('=', " ")];
        parts.extend(dream.axes.iter().map(|axis| format!("{} {}", axis.name, axis.value_text())));
        parts.push(format!("seed {seed}"));
        parts.extend((0 < nudge).then(|| nudge.to_string()));
        let folder = experiment.folder.map(str::to_owned);
        let parts = folder.into_iter().chain(parts.iter().map(|part| slug(part)));
        let id = parts.collect::<Vec<_>>().join("/");

        let mut cell = Self {
            id,
            digest: String::new(),
            image: image_sha256.map(str::to_owned),
            models: models.digest.clone(),
            prompt: prompt.clone(),
            optimizer_label,
            optimizer: optimizer.settings.clone(),
            dream: dream.settings.clone(),
            axes: dream.axes.clone(),
            seed,
            nudge,
            template: experiment.template.clone(),
            model_set: models.name.clone(),
        };
        cell.digest = digest(&cell.content());
        cell
    }

    /// All that decides its dream.
    fn content(&self) -> serde_json::Value {
        let PromptEntry { text, avoid, .. } = &self.prompt;
        let mut content = json!({
            "computation": COMPUTATION,
            "models": self.models,
            "prompt": { "text": text, "avoid": avoid, "image": self.image },
            "optimizer": self.optimizer.content().unwrap_or_default(), // what is read from TOML can be written
            "dream": self.dream,
            "seed": self.seed,
        });
        if 0 < self.nudge {
            content["nudge"] = self.nudge.into();
        }
        content
    }

    /// The digest in its record if that is of format 0, which covers the text that its images were
    /// compared with.
    pub fn former_digest(&self, judged_text: &str) -> String {
        let mut content = self.content();
        content["judged"] = judged_text.into();
        digest(&content)
    }

    /// Returns true if `record` says that it has ended, as it would end now: with its images
    /// compared with the text of now.
    pub fn is_ended_by(&self, record: &CellRecord) -> bool {
        let judged = || record.judged_text.as_deref() == Some(self.judged_text().as_str());
        match record.status {
            CellStatus::Finished(_) => record.digest == self.digest && judged(),
            _ => record.digest == self.digest && record.status.is_final(),
        }
    }

    /// Its record in this plan's words, from one that another plan left.
    ///
    /// What the similarity was measured with stays until it is measured again.
    ///
    /// # Errors
    /// As [`Self::record`].
    pub fn renewed(&self, was: &CellRecord) -> Result<CellRecord, toml::ser::Error> {
        let mut record = self.record(was.status.clone())?;
        record.former_digest.clone_from(&was.former_digest);
        record.files.clone_from(&was.files);
        record.machines.clone_from(&was.machines);
        if matches!(was.status, CellStatus::Finished(_)) && was.judged_text != record.judged_text {
            record.class_name.clone_from(&was.class_name);
            record.judged_text.clone_from(&was.judged_text);
        }
        Ok(record)
    }

    /// The texts and images to approach and to avoid.
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

    /// The scale that makes cosines of its similarity terms.
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
            judged_text: Some(self.judged_text()),
            former_digest: None,
            status,
            texts: Some(self.texts()),
            axes: self.axes.iter().map(|axis| (axis.name.clone(), axis.value.clone())).collect(),
            optimizer_settings: table(&self.optimizer)?,
            dream: table(&self.dream)?,
            files: FileDigests::new(),
            machines: Vec::new(),
        })
    }
}

fn table(settings: &impl Serialize) -> Result<toml::Table, toml::ser::Error> {
    toml::Table::try_from(settings)
}
