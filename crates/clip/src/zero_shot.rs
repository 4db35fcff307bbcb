use tch::{Kind, Tensor};
use thiserror::Error;

use crate::{Clip, TokenizeError, layers::unit_length};

/// Labels that images are compared with: CLIP as a classifier nobody trained (Radford et al. 2021, section
/// 3.1).
#[derive(Debug)]
pub struct ZeroShot {
    labels: Vec<String>,
    text: Tensor, // [labels, embed_dim], of length one
    scale: f64,
}

/// A label with its probability for an image.
#[derive(Clone, Debug, PartialEq)]
pub struct Guess {
    /// The label, without the template.
    pub label: String,
    /// Cosine of the two embeddings, in [-1, 1], times the model's logit scale: in [-100, 100] for OpenAI's
    /// models.
    pub similarity: f64,
    /// The share of this label, in [0, 1]: the similarities' softmax over all labels.
    pub probability: f64,
}

/// Why labels cannot be compared with.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ZeroShotError {
    /// A template that has no place for the label.
    #[error("the prompt template `{template}` has no `{{}}` for the label, as `a photo of a {{}}` has")]
    Template {
        /// The template.
        template: String,
    },
    /// A label that makes no prompt.
    #[error(transparent)]
    Tokenize(#[from] TokenizeError),
}

impl ZeroShot {
    /// Embeds each of the labels, in the place of `{}` in the template.
    ///
    /// # Errors
    /// When the template has no `{}`, or a prompt is too long.
    pub fn new(clip: &Clip, labels: &[&str], template: &str) -> Result<Self, ZeroShotError> {
        if !template.contains("{}") {
            return Err(ZeroShotError::Template { template: template.to_owned() });
        }
        let prompts: Vec<String> = labels.iter().map(|label| template.replace("{}", label)).collect();
        let tokens = clip.tokenizer().encode_batch(&prompts)?.to_device(clip.device());
        let text = torch_ext::no_grad(|| unit_length(&clip.encode_text(&tokens)));
        let scale = clip.logit_scale().exp().double_value(&[]);
        Ok(Self { labels: labels.iter().map(ToString::to_string).collect(), text, scale })
    }

    /// All labels for each image, the best first: `images: [n, embed_dim]`, of any length.
    ///
    /// # Panics
    /// When the images were embedded by another model, of another width.
    #[must_use]
    pub fn rank(&self, images: &Tensor) -> Vec<Vec<Guess>> {
        let images = torch_ext::no_grad(|| unit_length(images)).to_device(self.text.device());
        let similarity = images.matmul(&self.text.tr()).to_kind(Kind::Double) * self.scale; // [n, labels]
        let probability = similarity.softmax(-1, Kind::Double);
        (0..images.size()[0]).map(|i| self.guesses(&similarity.get(i), &probability.get(i))).collect()
    }

    fn guesses(&self, similarity: &Tensor, probability: &Tensor) -> Vec<Guess> {
        let numbers = (0..).zip(&self.labels);
        let guess = |(j, label): (i64, &String)| Guess {
            label: label.clone(),
            similarity: similarity.double_value(&[j]),
            probability: probability.double_value(&[j]),
        };
        let mut guesses: Vec<Guess> = numbers.map(guess).collect();
        guesses.sort_by(|a, b| b.similarity.total_cmp(&a.similarity));
        guesses
    }
}
