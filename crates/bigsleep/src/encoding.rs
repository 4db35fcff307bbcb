//! From a prompt to what cutouts' embeddings are drawn to.

use crate::{DreamError, Prompt, losses};
use clip::{Clip, preprocess_file};
use tch::{Kind, Tensor};

/// The [target](losses::target) of a prompt: `[e]`.
pub(crate) fn target(clip: &Clip, prompt: &Prompt) -> Result<Tensor, DreamError> {
    let approach = texts(clip, &prompt.approach)?;
    let approach = match &prompt.image {
        None if prompt.approach.is_empty() => return Err(DreamError::NoPrompt),
        None => approach,
        Some(path) => {
            let pixels = preprocess_file(path, clip.image_size())?.unsqueeze(0).to_device(clip.device());
            let image = clip.encode_image(&pixels).to_kind(Kind::Float); // [1, e]
            if prompt.approach.is_empty() { image } else { (approach + image) / 2.0 }
        }
    };
    Ok(losses::target(&approach, &texts(clip, &prompt.avoid)?))
}

/// Embeddings of texts: `[texts, e]`.
fn texts(clip: &Clip, texts: &[String]) -> Result<Tensor, DreamError> {
    if texts.iter().any(String::is_empty) {
        return Err(DreamError::EmptyText { prompt: texts.join("|") });
    }
    if texts.is_empty() {
        return Ok(Tensor::zeros([0, clip.embed_dim()], (Kind::Float, clip.device())));
    }
    let texts: Vec<_> = texts.iter().map(String::as_str).collect();
    let tokens = clip.tokenizer().encode_batch(&texts)?.to_device(clip.device());
    Ok(clip.encode_text(&tokens).to_kind(Kind::Float))
}
