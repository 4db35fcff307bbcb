use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

use schemars::JsonSchema;
use serde::de::value::MapAccessDeserializer;
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use toml::Spanned;

use super::evaluation::EvaluationTable;
use super::seeds::{Seed, SeedsEntry};
use super::study::StudyTable;

/// The keys of an experiment file but for `[dream]`, `[optimizer]` and `[tuning]`; the first two's
/// lists are multiplied out first.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Head {
    pub(super) name: Spanned<String>,
    pub(super) models: Spanned<Vec<String>>,
    pub(super) prompts: Spanned<Vec<Spanned<PromptEntry>>>,
    #[serde(default = "seeds")]
    pub(super) seeds: Spanned<SeedsEntry>,
    #[serde(default = "template")]
    pub(super) template: Spanned<String>,
    #[serde(default)]
    pub(super) exclude: Vec<Spanned<BTreeMap<Spanned<String>, Spanned<toml::Value>>>>,
    #[serde(default)]
    pub(super) labels: BTreeMap<Spanned<String>, Spanned<String>>,
    pub(super) published: Option<PathBuf>,
    #[serde(default)]
    pub(super) study: StudyTable,
    #[serde(default)]
    pub(super) evaluation: EvaluationTable,
    // Taken out before; named here so that a misspelling of them finds its way.
    #[serde(default, rename = "dream")]
    _dream: Option<toml::Table>,
    #[serde(default, rename = "optimizer")]
    _optimizer: Option<toml::Table>,
    #[serde(default, rename = "tuning")]
    _tuning: Option<toml::Table>,
}

/// A prompt: a text, or a table with more than a text.
#[derive(Clone, Debug, PartialEq)]
pub struct PromptEntry {
    /// Text to approach; `|` separates several.
    pub text: String,
    /// Text to avoid; `|` separates several.
    pub avoid: Option<String>,
    /// An image to approach, joined with the text: a path from the folder of the experiment's file
    /// to a PNG or JPEG file.
    pub image: Option<PathBuf>,
    /// SHA-256 of that file's content, once it has been read.
    pub image_sha256: Option<String>,
    /// Class name used by the judges.
    pub class_name: String,
    /// The segmenter's class, where the experiment names it.
    pub segment: Option<String>,
}

/// Schema of a [`PromptEntry`].
#[derive(JsonSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "only its shape matters")]
pub(super) enum TextOrTable {
    /// Text to approach; `|` separates several.
    Text(String),
    /// A text and more.
    Table(PromptTable),
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct PromptTable {
    /// Text to approach; `|` separates several.
    text: String,
    /// Text to avoid; `|` separates several.
    avoid: Option<String>,
    /// An image to approach, joined with the text: a path from the folder of the experiment's file
    /// to a PNG or JPEG file.
    image: Option<PathBuf>,
}

impl<'de> Deserialize<'de> for PromptEntry {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(PromptVisitor)
    }
}

/// By hand, since serde's untagged enums forget which key was wrong.
struct PromptVisitor;

impl<'de> Visitor<'de> for PromptVisitor {
    type Value = PromptEntry;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a prompt: a text, or a table such as { text = \"a bear\", avoid = \"trees\" }")
    }

    fn visit_str<E>(self, text: &str) -> Result<PromptEntry, E> {
        Ok(PromptEntry::from(PromptTable { text: text.to_owned(), avoid: None, image: None }))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<PromptEntry, A::Error> {
        PromptTable::deserialize(MapAccessDeserializer::new(map)).map(PromptEntry::from)
    }
}

impl From<PromptTable> for PromptEntry {
    fn from(PromptTable { text, avoid, image }: PromptTable) -> Self {
        Self { class_name: text.clone(), text, avoid, image, image_sha256: None, segment: None }
    }
}

impl PromptEntry {
    /// The prompt as people read it, different for different prompts; wherever its image lies, once
    /// that has been read.
    pub fn name(&self) -> String {
        let mut name = self.text.clone();
        if let Some(avoid) = &self.avoid {
            name += &format!(", not {avoid}");
        }
        if let Some(image) = &self.image {
            let stem = image.file_stem().unwrap_or_default().to_string_lossy();
            name += &match &self.image_sha256 {
                Some(sha256) => format!(", like {stem} ({})", &sha256[..8]),
                None => format!(", like {}", image.display()),
            };
        }
        name
    }
}

pub(super) const TEMPLATE: &str = "a photo of a {}";

fn template() -> Spanned<String> {
    Spanned::new(0..0, TEMPLATE.to_owned())
}

fn seeds() -> Spanned<SeedsEntry> {
    Spanned::new(0..0, SeedsEntry::List(vec![Spanned::new(0..0, Seed(0))]))
}
