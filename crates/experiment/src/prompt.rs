//! A prompt as an experiment states it.

use std::fmt;
use std::path::PathBuf;

use schemars::JsonSchema;
use serde::de::value::MapAccessDeserializer;
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

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
