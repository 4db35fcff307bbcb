use std::collections::BTreeSet;
use std::num::NonZeroU16;
use std::path::{Component as PathPart, Path};

use serde::{Deserialize, Deserializer, Serialize};

/// `manifest.toml` of a model set.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// The set's name: that of its folder.
    pub name: String,
    /// Description in a line.
    pub about: String,
    /// The publication whose models these are, such as `the report of 2022`: with them a run may be
    /// called a reproduction of its figures.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "publication")]
    pub reproduces: Option<String>,
    /// Settings of dreams that suit it, which hold where an experiment states none; a table as an
    /// experiment's `[dream]`.
    #[serde(default, skip_serializing_if = "toml::Table::is_empty")]
    pub dream: toml::Table,
    /// The labels that its perceptor knows, which images are compared with where an experiment
    /// states none: two or more.
    #[serde(default, deserialize_with = "labels")]
    pub labels: Option<Vec<String>>,
    /// Latents to images.
    #[serde(deserialize_with = "generator")]
    pub generator: Component,
    /// The perceptor that dreams are optimized against.
    #[serde(deserialize_with = "perceptor")]
    pub perceptor: Component,
    /// A second perceptor that no dream has seen; a judge of results.
    #[serde(default, deserialize_with = "judge")]
    pub judge: Option<Component>,
    /// Images to class masks; a judge of results.
    #[serde(default, deserialize_with = "segmenter")]
    pub segmenter: Option<Component>,
}

/// The roles of a set's models, each with the architecture that plays it.
pub const ROLES: [(&str, Kind); 4] = [
    ("generator", Kind::BigganDeep),
    ("perceptor", Kind::Clip),
    ("judge", Kind::Clip),
    ("segmenter", Kind::Deeplabv3),
];

/// One model.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Component {
    /// Its architecture.
    pub kind: Kind,
    /// Page of its publication.
    pub source: String,
    /// Its license, as an SPDX expression where there is one.
    #[serde(alias = "licence")] // as manifests were first written
    pub license: String,
    /// The activation of a CLIP, where its weights do not tell: those of OpenAI's archives do.
    pub activation: Option<Activation>,
    /// Its sizes, where the weights do not tell them.
    pub config: Option<FileEntry>,
    /// The pixels that the shorter side of an image is given before a segmenter looks at it; as it
    /// is without.
    pub side: Option<NonZeroU16>,
    /// Its weights.
    pub weights: FileEntry,
    /// Names of a segmenter's classes, the background first; Pascal VOC's 21 by default.
    #[serde(default, deserialize_with = "labels")]
    pub classes: Option<Vec<String>>,
}

/// An architecture that the program knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// BigGAN-deep.
    BigganDeep,
    /// CLIP with a vision transformer.
    Clip,
    /// DeepLabv3 with a residual network.
    Deeplabv3,
}

/// An activation that a CLIP may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Activation {
    /// x · σ(1.702 x): OpenAI's models.
    QuickGelu,
    /// The exact GELU: most models of LAION and `DataComp`.
    Gelu,
}

impl Kind {
    /// Its name in a manifest.
    pub fn name(self) -> &'static str {
        match self {
            Self::BigganDeep => "biggan-deep",
            Self::Clip => "clip",
            Self::Deeplabv3 => "deeplabv3",
        }
    }
}

/// A file of a model.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FileEntry {
    /// Its name in the set's folder.
    #[serde(deserialize_with = "plain_path")]
    pub path: String,
    /// URL to fetch it from; without one it comes with the set.
    pub url: Option<String>,
    /// SHA-256 in hex, whole or as many first digits as its publisher states.
    #[serde(default, deserialize_with = "hex")]
    pub sha256: Option<String>,
}

impl Manifest {
    /// Its components with what they are for.
    pub fn components(&self) -> impl Iterator<Item = (&'static str, &Component)> {
        [("generator", Some(&self.generator)), ("perceptor", Some(&self.perceptor))]
            .into_iter()
            .chain([("segmenter", self.segmenter.as_ref()), ("judge", self.judge.as_ref())])
            .filter_map(|(role, component)| Some((role, component?)))
    }

    /// All files.
    pub fn files(&self) -> impl Iterator<Item = &FileEntry> {
        self.components().flat_map(|(_, component)| component.files())
    }
}

impl Component {
    /// Its files.
    pub fn files(&self) -> impl Iterator<Item = &FileEntry> {
        self.config.iter().chain([&self.weights])
    }
}

fn generator<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Component, D::Error> {
    for_role(0, deserializer)
}

fn perceptor<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Component, D::Error> {
    for_role(1, deserializer)
}

fn judge<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Component>, D::Error> {
    for_role(2, deserializer).map(Some)
}

fn segmenter<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Component>, D::Error> {
    for_role(3, deserializer).map(Some)
}

/// A component whose kind is that of its role in [`ROLES`].
fn for_role<'de, D: Deserializer<'de>>(role: usize, deserializer: D) -> Result<Component, D::Error> {
    let component = Component::deserialize(deserializer)?;
    let ((role, wanted), found) = (ROLES[role], component.kind);
    if component.activation.is_some() && found != Kind::Clip {
        return Err(serde::de::Error::custom(format!("only a CLIP has an `activation`, no {role} has one")));
    }
    if found == wanted {
        return Ok(component);
    }
    let (wanted, found) = (wanted.name(), found.name());
    Err(serde::de::Error::custom(format!("the {role} is of the kind `{found}`, but must be of `{wanted}`")))
}

fn publication<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    let name = String::deserialize(deserializer)?;
    if name.trim().is_empty() {
        return Err(serde::de::Error::custom("expected the name of a publication, or no such line"));
    }
    Ok(Some(name))
}

fn labels<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Vec<String>>, D::Error> {
    let labels = Vec::<String>::deserialize(deserializer)?;
    let different: BTreeSet<&String> = labels.iter().collect();
    if labels.len() < 2
        || different.len() < labels.len()
        || labels.iter().any(|label| label.trim().is_empty())
    {
        return Err(serde::de::Error::custom(
            "expected two names or more, none of them empty or twice there",
        ));
    }
    Ok(Some(labels))
}

/// A path that stays in the set's folder.
fn plain_path<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let path = String::deserialize(deserializer)?;
    let inside = Path::new(&path).components().all(|part| matches!(part, PathPart::Normal(_)));
    if inside && !path.is_empty() && !path.contains('\\') {
        return Ok(path);
    }
    Err(serde::de::Error::custom(format!("`{path}` leaves the model set's folder")))
}

fn hex<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    let digits = String::deserialize(deserializer)?;
    let lower_hex = |c: char| c.is_ascii_digit() || ('a'..='f').contains(&c);
    if (8..=64).contains(&digits.len()) && digits.chars().all(lower_hex) {
        return Ok(Some(digits));
    }
    Err(serde::de::Error::custom("a sha256 is 64 lowercase hex digits, or the first 8 or more of them"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn manifest(kinds: [Kind; 4]) -> String {
        let component = |((role, _), kind): ((&str, Kind), Kind)| {
            let kind = kind.name();
            format!(
                "[{role}]\nkind = \"{kind}\"\nsource = \"\"\nlicense = \"\"\nweights = {{ path = \"a\" }}\n"
            )
        };
        let components: String = ROLES.into_iter().zip(kinds).map(component).collect();
        format!("name = \"a\"\nabout = \"\"\n{components}")
    }

    #[test]
    fn takes_the_key_of_older_manifests() {
        let text = manifest(ROLES.map(|(_, kind)| kind));
        let older = text.replace("license", "licence");
        assert_eq!(toml::from_str::<Manifest>(&older).unwrap(), toml::from_str(&text).unwrap());
    }

    #[test]
    fn takes_no_kind_but_that_of_the_role() {
        let right = ROLES.map(|(_, kind)| kind);
        let read = |kinds| toml::from_str::<Manifest>(&manifest(kinds));
        assert_eq!(read(right).unwrap().components().count(), ROLES.len());
        for (place, (role, wanted)) in ROLES.into_iter().enumerate() {
            for other in
                [Kind::BigganDeep, Kind::Clip, Kind::Deeplabv3].into_iter().filter(|kind| *kind != wanted)
            {
                let mut kinds = right;
                kinds[place] = other;
                let error = read(kinds).unwrap_err().to_string();
                let said = format!(
                    "the {role} is of the kind `{}`, but must be of `{}`",
                    other.name(),
                    wanted.name()
                );
                assert!(error.contains(&said), "{error}");
            }
        }
    }
}
