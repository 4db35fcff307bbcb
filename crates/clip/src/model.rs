use checkpoint::Weights;
use tch::{Device, Kind, Tensor};

use crate::{Activation, ClipError, Config, TextTower, Tokenizer, VisionTower, init, names::openai_name};

/// A CLIP: two towers that embed images and texts into one space.
///
/// Source: `clip/model.py` of openai/CLIP@d05afc4, class `CLIP`. Differences, all of them exact but
/// for rounding: attention in one kernel, the last image block computes the class token only,
/// `QuickGELU`'s factor lies in the weights.
#[derive(Debug)]
pub struct Clip {
    /// The image tower.
    pub vision: VisionTower,
    /// The text tower. Whoever has embedded all texts may drop it.
    pub text: TextTower,
    logit_scale: Tensor, // []
    config: Config,
}

impl Clip {
    /// A frozen CLIP of the sizes that the file's tensors imply, by OpenAI's names or Hugging
    /// Face's. The image tower computes in `kind`; the text tower, used once per text, computes in
    /// single precision and keeps the file's kind in memory.
    ///
    /// Its activation is what the file tells, or else `stated`: see [`Activation::of`].
    ///
    /// # Errors
    /// When the file is no CLIP with a vision transformer, any of its tensors is missing, left over
    /// or misshaped, or its activation is not known.
    pub fn load(
        weights: Weights,
        stated: Option<Activation>,
        device: Device,
        kind: Kind,
    ) -> Result<Self, ClipError> {
        let (weights, config) = Self::understood(weights, stated)?;
        let mut clip = Self::build(weights, &config, device, kind)?;
        clip.vision.fold();
        Ok(clip)
    }

    /// The sizes of the CLIP that a file holds, once it is known that [`load`](Self::load) would
    /// find all its tensors in their shapes. Their numbers are not read.
    ///
    /// # Errors
    /// Those of [`load`](Self::load), but for tensors whose numbers cannot be read.
    pub fn sizes(weights: Weights, stated: Option<Activation>) -> Result<Config, ClipError> {
        let (weights, config) = Self::understood(weights.without_data(), stated)?;
        Self::build(weights, &config, Device::Cpu, Kind::Float)?;
        Ok(config)
    }

    /// The tensors by OpenAI's names, and what is built of them. That a file is no CLIP is told
    /// before that its activation is not known.
    fn understood(weights: Weights, stated: Option<Activation>) -> Result<(Weights, Config), ClipError> {
        let activation = Activation::of(&weights, stated);
        let weights = weights.rename(openai_name);
        let config = Config::of(&weights, *activation.as_ref().unwrap_or(&Activation::QuickGelu))?;
        activation?;
        Ok((weights, config))
    }

    /// A CLIP to be trained, in single precision, with OpenAI's initial values. Its
    /// [`named_tensors`](Self::named_tensors) are what an optimizer updates.
    ///
    /// The values are drawn from torch's generator, which is seeded with `seed`.
    ///
    /// # Errors
    /// When there is no network of these sizes.
    pub fn new(config: &Config, seed: i64, device: Device) -> Result<Self, ClipError> {
        const ORIGIN: &str = "initial values";
        config.check().map_err(|reason| ClipError::Sizes { path: ORIGIN.into(), reason })?;
        let weights = Weights::from_tensors(ORIGIN, init::tensors(config, seed));
        let clip = Self::build(weights, config, device, Kind::Float)?;
        for (_, tensor) in clip.named_tensors() {
            let _ = tensor.set_requires_grad(true);
        }
        Ok(clip)
    }

    fn build(weights: Weights, config: &Config, device: Device, kind: Kind) -> Result<Self, ClipError> {
        // The text tower first: its token table is the largest tensor, and takes three times its
        // size while it is read.
        let text = TextTower::load(&weights.root(Kind::Float, device).as_stored(), config);
        let clip = Self {
            vision: VisionTower::load(&weights.root(kind, device).sub("visual"), config),
            text,
            logit_scale: weights.root(Kind::Float, device).take("logit_scale", &[]),
            config: *config,
        };
        weights.finish()?;
        Ok(clip)
    }

    /// `pixels: [n, 3, image_size, image_size]`, normalized → `[n, embed_dim]`, of any length.
    /// Gradients reach the pixels.
    ///
    /// # Panics
    /// When the images are of another size.
    pub fn encode_image(&self, pixels: &Tensor) -> Tensor {
        self.vision.forward(pixels)
    }

    /// `tokens: [n, t]`, from this model's [`Tokenizer`](crate::Tokenizer) → `[n, embed_dim]`, of
    /// any length.
    ///
    /// # Panics
    /// When the tokens are not this model's.
    pub fn encode_text(&self, tokens: &Tensor) -> Tensor {
        self.text.forward(tokens)
    }

    /// The logarithm of what cosines are multiplied with to give logits: a number, as a tensor,
    /// since it is trained. 100 in OpenAI's models.
    pub fn logit_scale(&self) -> &Tensor {
        &self.logit_scale
    }

    /// The sizes.
    #[must_use]
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// Side of the square input image.
    #[must_use]
    pub fn image_size(&self) -> i64 {
        self.config.image_size
    }

    /// Width of the embeddings.
    #[must_use]
    pub fn embed_dim(&self) -> i64 {
        self.config.embed_dim
    }

    /// The tokenizer for this model's texts.
    #[must_use]
    pub fn tokenizer(&self) -> Tokenizer {
        self.config.tokenizer()
    }

    /// Device of the image tower's tensors.
    #[must_use]
    pub fn device(&self) -> Device {
        self.logit_scale.device()
    }

    /// All tensors by OpenAI's names: those themselves that the towers compute with, except that
    /// the perceptrons of a loaded model are given as the file has them, which costs a rounding.
    #[must_use]
    pub fn named_tensors(&self) -> Vec<(String, Tensor)> {
        let mut tensors = vec![("logit_scale".to_owned(), self.logit_scale.shallow_clone())];
        self.vision.name(&mut tensors);
        self.text.name(&mut tensors);
        tensors
    }
}
