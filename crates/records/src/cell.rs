use std::collections::BTreeMap;

use loss_terms::LossTerms;
use serde::{Deserialize, Serialize};

use super::{CosineScale, FileDigests, Machine, Texts};

/// `cell.toml`: one point of the grid, with everything that decides its result and how it ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CellRecord {
    /// Path below `cells/`, such as `bicycle/adam/seed-0`.
    pub id: String,
    /// The prompt as the experiment gives it.
    pub prompt: String,
    /// Class name used by the judges: the prompt's label, or the prompt itself.
    pub class_name: String,
    /// The optimizer's name, with the settings that vary: `adam`, or `adam lr=0.02` where `lr` is a
    /// list.
    pub optimizer: String,
    /// Seed of the initial latents and of the cutouts.
    pub seed: u64,
    /// The model set that it was computed with.
    pub model_set: String,
    /// SHA-256 (hex) over the prompt, the seed, all settings below and the model set's digests:
    /// what decides whether a cell is the same. What it is called, and what its image is compared
    /// with, are no part of it.
    pub digest: String,
    /// The text that its images were compared with. Missing in records of format 0, whose digest
    /// covers it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub judged_text: Option<String>,
    /// The digest that it had in a record of format 0, which its saved state may still carry.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub former_digest: Option<String>,
    /// Status of the cell.
    pub status: CellStatus,
    /// The prompt's texts, of which the similarity term is a sum. Missing in records of older
    /// versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub texts: Option<Texts>,
    /// Further axes of the grid, by setting name, with this cell's value.
    #[serde(default)]
    pub axes: BTreeMap<String, toml::Value>,
    /// The optimizer with all settings resolved, as the experiment format writes it: `{ adam = { lr
    /// = 0.05, … } }`.
    pub optimizer_settings: toml::Table,
    /// The dream's settings, all of them, resolved.
    pub dream: toml::Table,
    /// Digests of the cell's other files, once it has ended; none in records of version 0.
    #[serde(default, skip_serializing_if = "FileDigests::is_empty")]
    pub files: FileDigests,
    /// The machines that computed it, one after the other: more than one where it went on
    /// elsewhere. None in records of formats up to 2.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub machines: Vec<Machine>,
}

impl CellRecord {
    /// The scale that makes cosines of the similarity terms in the cell's trace.
    pub fn cosine_scale(&self) -> CosineScale {
        let loss_coef = match self.dream.get("loss_coef") {
            Some(toml::Value::Float(loss_coef)) => *loss_coef,
            Some(toml::Value::Integer(loss_coef)) => *loss_coef as f64,
            _ => USUAL_LOSS_COEF,
        };
        CosineScale { loss_coef, texts: self.texts.unwrap_or_else(|| Texts::of_name(&self.prompt)) }
    }
}

/// The coefficient of dreams whose record states none: big-sleep's.
const USUAL_LOSS_COEF: f64 = 100.0;

/// Status of a cell.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum CellStatus {
    /// Not begun, under way, or interrupted.
    Unfinished,
    /// All steps are done and `final.png` is there.
    Finished(Outcome),
    /// The loss or the latents stopped being finite.
    Diverged {
        /// The first step (counted from 1) that was not finite.
        at_step: u32,
        /// Time spent on it, in seconds.
        seconds: f64,
        /// Cosine of the image that it began with, in [-1, 1]. Missing in records of older
        /// versions.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        similarity_initial: Option<f64>,
    },
    /// An error ended it; running the same command again tries anew.
    Failed {
        /// The error, with its causes.
        reason: String,
    },
}

/// Outcome of a finished cell.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Outcome {
    /// Optimizer steps done.
    pub steps: u32,
    /// Time spent on it, in seconds: its share of the wall clock where it was packed with others.
    pub seconds: f64,
    /// Cosine of `final.png` (the averaged latents' image) with the text of its class name, in [-1,
    /// 1].
    pub similarity_averaged: f64,
    /// Similarity of the live latents' image.
    pub similarity_live: f64,
    /// The mean cosine of random cutouts of the averaged latents' image with the same text: the
    /// loss sees cutouts, a judge the whole. Missing in records of older versions.
    pub cutouts_averaged: Option<f64>,
    /// Mean similarity of the live latents' cutouts, which the loss saw.
    pub cutouts_live: Option<f64>,
    /// The loss of the last step.
    pub final_loss: LossTerms,
    /// The frame in `best.png`, where `save_best` asked for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub best: Option<Best>,
    /// Steps after which a frame was saved, with the cosine of the live latents' image then; empty
    /// in records of older versions.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub live: Vec<(u32, f64)>,
}

/// The best of a cell's frames.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Best {
    /// Steps done when it was made.
    pub step: u32,
    /// Its similarity term, on cutouts of its own: see `bigsleep::Dreamer::similarity_term`.
    pub similarity_loss: f64,
}

impl CellStatus {
    /// Returns true if running the cell again would change nothing: it finished or diverged.
    pub fn is_final(&self) -> bool {
        matches!(self, Self::Finished(_) | Self::Diverged { .. })
    }
}
