//! The table `[evaluation]`: by what final images are judged.

use std::collections::BTreeMap;
use std::fmt;

use model_sets::LabelChoice;
use schemars::JsonSchema;
use serde::de::value::SeqAccessDeserializer;
use serde::de::{SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use toml::Spanned;

use super::check;
use super::error::Fault;
use super::prompt::PromptEntry;

/// By what final images are judged. Which label is right for a prompt the prompts tell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EvaluationSettings {
    /// The names that an image is compared with, where the experiment states them.
    pub labels: Option<LabelChoice>,
    /// The text that a label is put into.
    pub template: String,
}

/// Name of CIFAR-100's labels in experiments.
pub const CIFAR100: &str = "cifar-100";

/// The table as it is written.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct EvaluationTable {
    labels: Option<Spanned<Labels>>,
    template: Option<Spanned<String>>,
    segments: BTreeMap<Spanned<String>, Spanned<String>>,
}

/// Schema of an [`EvaluationTable`].
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields, rename = "EvaluationTable")]
#[expect(dead_code, reason = "only its shape matters")]
pub(super) struct EvaluationSchema {
    /// The names that every final image is compared with, two or more, or "cifar-100". Without it
    /// those that the model set names, or else CIFAR-100's. A prompt that is no label, and has none
    /// in `[labels]`, has no right one.
    labels: Option<LabelsSchema>,
    /// The text that a label is put into, at `{}`; without it the experiment's `template`.
    template: Option<String>,
    /// The segmenter's class of a prompt, where that is not the prompt itself: television =
    /// "tvmonitor".
    #[schemars(default)]
    segments: BTreeMap<String, String>,
}

#[derive(JsonSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "only its shape matters")]
enum LabelsSchema {
    /// The class names of CIFAR-100.
    Named(Named),
    /// These.
    These(Vec<String>),
}

#[derive(JsonSchema)]
#[expect(dead_code, reason = "only its shape matters")]
enum Named {
    #[serde(rename = "cifar-100")]
    Cifar100,
}

enum Labels {
    Named(String),
    These(Vec<Spanned<String>>),
}

impl<'de> Deserialize<'de> for Labels {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(LabelsVisitor)
    }
}

/// By hand, since serde's untagged enums forget which label was wrong.
struct LabelsVisitor;

impl<'de> Visitor<'de> for LabelsVisitor {
    type Value = Labels;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of labels, or \"cifar-100\"")
    }

    fn visit_str<E>(self, name: &str) -> Result<Labels, E> {
        Ok(Labels::Named(name.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<Labels, A::Error> {
        Vec::deserialize(SeqAccessDeserializer::new(seq)).map(Labels::These)
    }
}

impl EvaluationTable {
    /// The settings, once it is known that all of them mean something; `template` is the
    /// experiment's.
    pub(super) fn read(&self, template: &str) -> Result<EvaluationSettings, Fault> {
        Ok(EvaluationSettings {
            labels: self.labels.as_ref().map(labels).transpose()?,
            template: self.template.as_ref().map_or_else(|| Ok(template.to_owned()), check::template)?,
        })
    }

    /// Tells the prompts what the segmenter calls them.
    pub(super) fn name_segments(&self, prompts: &mut [PromptEntry]) -> Result<(), Fault> {
        check::for_prompts(&self.segments, "the segment's name", prompts, |prompt, class| {
            prompt.segment = Some(class.to_owned());
        })
    }
}

fn labels(labels: &Spanned<Labels>) -> Result<LabelChoice, Fault> {
    match labels.get_ref() {
        Labels::Named(name) if name == CIFAR100 => Ok(LabelChoice::Cifar100),
        Labels::Named(name) if name.eq_ignore_ascii_case(CIFAR100) => {
            Err(Fault::new(labels.span(), format!("unknown set of labels `{name}`"))
                .help(format!("did you mean `{CIFAR100}`?")))
        }
        Labels::Named(name) => Err(Fault::new(labels.span(), format!("unknown set of labels `{name}`"))
            .help("known: `cifar-100`; or list labels of your own: labels = [\"bicycle\", \"chair\"]")),
        Labels::These(list) => {
            if list.len() < 2 {
                return Err(Fault::new(
                    labels.span(),
                    "`labels` needs at least two labels: a single one is always nearest",
                ));
            }
            if let Some(empty) = list.iter().find(|label| label.get_ref().trim().is_empty()) {
                return Err(Fault::new(empty.span(), "a label is empty"));
            }
            check::distinct("labels", labels.span(), list, Clone::clone).map(LabelChoice::These)
        }
    }
}
