//! The one way in which images are compared with texts.

use clip::{Clip, TokenizeError};
use tch::{Kind, Tensor};

/// The cosine similarity of an image with a text, as table 2 and every judge measure it: by a CLIP
/// in single precision, whatever precision a dream was computed in, so that others can compute the
/// same.
#[derive(Clone, Copy)]
pub struct Ruler<'c> {
    clip: &'c Clip,
}

impl<'c> Ruler<'c> {
    /// The ruler that `clip`, loaded in single precision, is.
    pub fn of(clip: &'c Clip) -> Self {
        Self { clip }
    }

    /// The embedding of a text: `[1, e]`.
    ///
    /// # Errors
    /// When the text is too long for the CLIP.
    pub fn text(self, text: &str) -> Result<Tensor, TokenizeError> {
        let tokens = self.clip.tokenizer().encode_batch(&[text])?.to_device(self.clip.device());
        Ok(torch_ext::no_grad(|| self.clip.encode_text(&tokens)).to_kind(Kind::Float))
    }

    /// The embedding of an image as preprocessing leaves it, `[3, s, s]`: `[1, e]`.
    pub fn image(self, pixels: &Tensor) -> Tensor {
        let pixels = pixels.unsqueeze(0).to_device(self.clip.device());
        torch_ext::no_grad(|| self.clip.encode_image(&pixels)).to_kind(Kind::Float)
    }

    /// The cosine of two embeddings, in [-1, 1]: of an image and a text, `[1, e]` each.
    pub fn cosine(image: &Tensor, text: &Tensor) -> f64 {
        Tensor::cosine_similarity(image, text, 1, 1e-8).double_value(&[0])
    }
}
