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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::golden::{distance, models};

    fn unit(embed: &Tensor) -> Tensor {
        embed / embed.square().sum(Kind::Float).sqrt()
    }

    #[test]
    fn texts_add_up_and_an_image_is_joined_to_those_to_approach() {
        let (_, clip) = models(Kind::Float);
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("image.png");
        let pixels =
            Tensor::arange(3 * 240 * 230, (Kind::Int64, clip.device())).remainder(251).to_kind(Kind::Uint8);
        tch::vision::image::save(&pixels.view([3, 240, 230]), &path).unwrap();

        let text = |text: &str| clip.encode_text(&clip.tokenizer().encode_batch(&[text]).unwrap()).get(0);
        let image =
            clip.encode_image(&preprocess_file(&path, clip.image_size()).unwrap().unsqueeze(0)).get(0);
        let mean = |a: &Tensor| (a + &image) / 2.0;

        let texts = Prompt::approach("a bear|snow").avoiding("trees");
        let sum = unit(&text("a bear")) + unit(&text("snow")) - unit(&text("trees"));
        assert!(distance(&target(&clip, &texts).unwrap(), &sum) < 1e-5);

        let sum = unit(&mean(&text("a bear"))) + unit(&mean(&text("snow"))) - unit(&text("trees"));
        assert!(distance(&target(&clip, &texts.with_image(&path)).unwrap(), &sum) < 1e-5);
        assert!(distance(&target(&clip, &Prompt::image(&path)).unwrap(), &unit(&image)) < 1e-5);
    }
}
