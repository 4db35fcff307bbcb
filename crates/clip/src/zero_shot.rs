use std::ops::Range;

use tch::{Device, Kind, Tensor};
use thiserror::Error;

use crate::{Clip, TokenizeError, layers::unit_length};

/// Labels that images are compared with: CLIP as a classifier nobody trained (Radford et al. 2021,
/// section 3.1).
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
    /// Cosine of the two embeddings, in [-1, 1], times the model's logit scale: in [-100, 100] for
    /// OpenAI's models.
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
        let text = embed(clip, &prompts)?;
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
        let numbers = |tensor: &Tensor| {
            Vec::<f64>::try_from(tensor.to_device(Device::Cpu).contiguous()).expect("a vector of doubles")
        };
        let figures = numbers(similarity).into_iter().zip(numbers(probability));
        let guess = |(label, (similarity, probability)): (&String, (f64, f64))| Guess {
            label: label.clone(),
            similarity,
            probability,
        };
        let mut guesses: Vec<Guess> = self.labels.iter().zip(figures).map(guess).collect();
        guesses.sort_by(|a, b| b.similarity.total_cmp(&a.similarity));
        guesses
    }
}

/// Tokens that go through the text tower at once: 0.4 GB of activations in ViT-B/32, whatever the
/// number of texts.
const CHUNK: usize = 16_384;

/// The texts' embeddings of length one: `[n, embed_dim]`.
fn embed(clip: &Clip, texts: &[String]) -> Result<Tensor, TokenizeError> {
    let tokenizer = clip.tokenizer();
    let texts = texts.iter().map(|text| tokenizer.encode(text)).collect::<Result<Vec<_>, _>>()?;
    let lengths: Vec<usize> = texts.iter().map(Vec::len).collect();
    let embedded = chunks(&lengths).map(|range| {
        let length = lengths[range.clone()].iter().copied().max().unwrap_or(0);
        let n = range.len() as i64;
        let padded = texts[range].iter().flat_map(|text| {
            let padding = std::iter::repeat_n(0, length - text.len());
            text.iter().copied().chain(padding)
        });
        let tokens = Tensor::from_slice(&padded.collect::<Vec<i64>>()).view([n, length as i64]);
        torch_ext::no_grad(|| unit_length(&clip.encode_text(&tokens.to_device(clip.device()))))
    });
    Ok(Tensor::cat(&embedded.collect::<Vec<_>>(), 0))
}

/// Ranges of texts of such lengths, each of as many as [`CHUNK`] lets through when all are padded
/// to the longest of them.
fn chunks(lengths: &[usize]) -> impl Iterator<Item = Range<usize>> {
    let mut start = 0;
    std::iter::from_fn(move || {
        let (mut end, mut longest) = (start, 0);
        while let Some(&length) = lengths.get(end) {
            longest = longest.max(length);
            if end > start && longest * (end + 1 - start) > CHUNK {
                break;
            }
            end += 1;
        }
        let range = start..end;
        start = end;
        (!range.is_empty()).then_some(range)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chunks_hold_every_text_once_and_in_order_within_bounds() {
        for lengths in
            [vec![], vec![5], vec![CHUNK + 1, 3, CHUNK + 2], (0..100_000).map(|n| 2 + n % 75).collect()]
        {
            let mut next = 0;
            for range in chunks(&lengths) {
                assert_eq!(range.start, next);
                let longest = lengths[range.clone()].iter().max().copied().unwrap();
                assert!(range.len() == 1 || longest * range.len() <= CHUNK, "{range:?}");
                next = range.end;
            }
            assert_eq!(next, lengths.len());
        }
    }

    /// Few texts, such as CIFAR-100's, are one batch: splitting them would round otherwise.
    #[test]
    fn a_thousand_short_labels_are_one_chunk() {
        assert_eq!(chunks(&[14; 1000]).count(), 1);
    }
}
