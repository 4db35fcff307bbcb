use serde::{Deserialize, Serialize};

use super::FileDigests;

/// `evaluation.toml`: what the judges say of a cell's final image.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Evaluation {
    /// SHA-256 (hex) over all that it depends on: the image, the judges' files, labels, texts.
    pub digest: String,
    /// Source of the labels, such as `CIFAR-100`.
    pub label_set: String,
    /// Number of labels that the image was compared with.
    pub labels: usize,
    /// The text that a label is put into.
    pub template: String,
    /// The label that is right for the cell's prompt, if one is.
    pub right_label: Option<String>,
    /// Verdict of the perceptor, which the image was optimized against.
    pub perceptor: Verdict,
    /// Verdict of the held-out judge, if there is one.
    pub judge: Option<Verdict>,
    /// Segments of the segmenter, if there is one.
    pub segments: Option<Segments>,
    /// Digests of the image and of its mask; none in records of version 0.
    #[serde(default, skip_serializing_if = "FileDigests::is_empty")]
    pub files: FileDigests,
}

/// `labels.toml`: the labels that the images of an experiment are compared with, so that anyone can
/// compare them again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LabelSet {
    /// Source of the labels, such as `CIFAR-100`.
    pub set: String,
    /// The text that a label is put into, at `{}`.
    pub template: String,
    /// The labels.
    pub labels: Vec<String>,
}

/// Verdict of a CLIP on an image.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Verdict {
    /// Cosine of the image with the text of its class name, in [-1, 1]; nothing where the text is
    /// too long for this CLIP.
    pub similarity: Option<f64>,
    /// Rank and probability of the right label, if there is one.
    pub right: Option<Right>,
    /// The nearest five labels, the nearest first.
    pub nearest: Vec<Guess>,
}

/// Rank and probability of the right label.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Right {
    /// Its place among all labels, from 1.
    pub rank: usize,
    /// Its share in the softmax over all labels, in [0, 1].
    pub probability: f64,
}

/// A label and how well it fits.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Guess {
    /// The label, without the template.
    pub label: String,
    /// Its share in the softmax over all labels, in [0, 1].
    pub probability: f64,
    /// Cosine of the image with the label in the template, in [-1, 1].
    pub similarity: f64,
}

/// Segments found in an image.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Segments {
    /// The class that the prompt asks for, if the segmenter knows it.
    pub expected: Option<String>,
    /// The classes that are there, the largest first.
    pub shares: Vec<Share>,
}

/// A class and how much of an image it covers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Share {
    /// Its name.
    pub class: String,
    /// Its number, which is that of its color: 0 is the background.
    pub index: u8,
    /// The part of the pixels, in (0, 1].
    pub share: f64,
}

impl Verdict {
    /// Returns true if the right label is ranked first; `None` without a right label.
    pub fn is_right(&self) -> Option<bool> {
        self.right.map(|right| right.rank == 1)
    }
}

impl Segments {
    /// The largest class other than the background, if there is any.
    pub fn largest(&self) -> Option<&Share> {
        self.shares.iter().find(|share| share.index != 0)
    }

    /// The part of the pixels that the expected class covers, if one is expected.
    pub fn expected_share(&self) -> Option<f64> {
        let expected = self.expected.as_ref()?;
        Some(self.shares.iter().find(|share| share.class == *expected).map_or(0.0, |share| share.share))
    }

    /// Returns true if the expected class is the largest but for the background; `None` if none is
    /// expected.
    pub fn is_right(&self) -> Option<bool> {
        let expected = self.expected.as_ref()?;
        Some(self.largest().is_some_and(|largest| largest.class == *expected))
    }
}
