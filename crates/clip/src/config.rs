use std::collections::BTreeSet;

use checkpoint::Weights;

use crate::{Activation, ClipError, Tokenizer, tokenizer::SMALLEST_VOCABULARY};

/// Both transformers give every attention head 64 of their width (Radford et al. 2021, section
/// 2.5): the number of heads, which no tensor tells, follows from the width.
pub(crate) const HEAD_WIDTH: i64 = 64;

/// Beyond any CLIP: a size above it comes from a damaged file, and would only exhaust memory.
const LARGEST: i64 = 1 << 16;

/// The sizes of a CLIP with a vision transformer, and its activation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Config {
    /// Width of the embeddings that images and texts share.
    pub embed_dim: i64,
    /// Side of the square input image, a multiple of `patch_size`.
    pub image_size: i64,
    /// Side of a square patch.
    pub patch_size: i64,
    /// Width of the image tower, a multiple of 64.
    pub vision_width: i64,
    /// Blocks in the image tower.
    pub vision_layers: usize,
    /// The most tokens in a text.
    pub context_length: i64,
    /// Number of tokens, at least 514: the bytes, the bytes that end a word, and the two marks
    /// around a text.
    pub vocab_size: i64,
    /// Width of the text tower, a multiple of 64.
    pub text_width: i64,
    /// Blocks in the text tower.
    pub text_layers: usize,
    /// The activation of both towers' perceptrons.
    pub activation: Activation,
}

impl Config {
    /// CLIP ViT-B/32, 151 million parameters.
    #[must_use]
    pub fn vit_b_32() -> Self {
        Self {
            embed_dim: 512,
            image_size: 224,
            patch_size: 32,
            vision_width: 768,
            vision_layers: 12,
            context_length: 77,
            vocab_size: 49_408,
            text_width: 512,
            text_layers: 12,
            activation: Activation::QuickGelu,
        }
    }

    /// CLIP ViT-B/16: smaller patches, four times as many.
    #[must_use]
    pub fn vit_b_16() -> Self {
        Self { patch_size: 16, ..Self::vit_b_32() }
    }

    /// CLIP ViT-L/14, 428 million parameters.
    #[must_use]
    pub fn vit_l_14() -> Self {
        Self {
            embed_dim: 768,
            patch_size: 14,
            vision_width: 1024,
            vision_layers: 24,
            text_width: 768,
            ..Self::vit_b_32()
        }
    }

    /// Patches along one side of the image.
    #[must_use]
    pub fn grid(&self) -> i64 {
        self.image_size / self.patch_size
    }

    /// The tokenizer for the texts of models of these sizes.
    #[must_use]
    pub fn tokenizer(&self) -> Tokenizer {
        Tokenizer::sized(self.vocab_size, self.context_length)
    }

    /// The sizes that the tensors imply. Names are OpenAI's.
    pub(crate) fn of(weights: &Weights, activation: Activation) -> Result<Self, ClipError> {
        let shapes = Shapes(weights);
        let [vision_width, _, _, patch_size] = shapes.of("visual.conv1.weight")?;
        let [positions, _] = shapes.of("visual.positional_embedding")?;
        let [vocab_size, text_width] = shapes.of("token_embedding.weight")?;
        let [context_length, _] = shapes.of("positional_embedding")?;
        let config = Self {
            embed_dim: shapes.embed_dim()?,
            image_size: patch_size.saturating_mul(positions.saturating_sub(1).max(0).isqrt()),
            patch_size,
            vision_width,
            vision_layers: shapes.layers("visual.transformer.resblocks."),
            context_length,
            vocab_size,
            text_width,
            text_layers: shapes.layers("transformer.resblocks."),
            activation,
        };
        config.check().map_err(|reason| shapes.fault(reason))?;
        Ok(config)
    }

    /// Checks that a network of these sizes can be built. Shapes of single tensors are left to the
    /// strict loading.
    pub(crate) fn check(&self) -> Result<(), String> {
        let Self { embed_dim, image_size, patch_size, vision_width, context_length, text_width, .. } = *self;
        for size in [embed_dim, image_size, patch_size, vision_width, context_length, text_width] {
            if !(1..=LARGEST).contains(&size) {
                return Err(format!("{size} is not a size that a CLIP has: {self:?}"));
            }
        }
        for (name, width) in [("image", vision_width), ("text", text_width)] {
            if width % HEAD_WIDTH != 0 {
                return Err(format!(
                    "its {name} tower is {width} wide, which is no multiple of {HEAD_WIDTH}"
                ));
            }
        }
        if image_size < patch_size || image_size % patch_size != 0 {
            return Err(format!("patches of {patch_size} pixels do not fill an image of {image_size}"));
        }
        if self.vision_layers == 0 || self.text_layers == 0 {
            return Err("it has a tower without blocks".to_owned());
        }
        if !(SMALLEST_VOCABULARY..=LARGEST).contains(&self.vocab_size) {
            return Err(format!("its vocabulary has {} tokens", self.vocab_size));
        }
        Ok(())
    }
}

struct Shapes<'w>(&'w Weights);

impl Shapes<'_> {
    fn of<const N: usize>(&self, name: &str) -> Result<[i64; N], ClipError> {
        let shape = self.0.shape(name).ok_or_else(|| self.not_clip(name))?;
        <[i64; N]>::try_from(shape)
            .map_err(|shape| self.fault(format!("its `{name}` has shape {shape:?}, expected {N} dimensions")))
    }

    /// OpenAI's projection is a matrix to multiply by from the right, Hugging Face's is a linear
    /// layer's weight.
    fn embed_dim(&self) -> Result<i64, ClipError> {
        if self.0.shape("text_projection.weight").is_some() {
            let [embed_dim, _] = self.of("text_projection.weight")?;
            return Ok(embed_dim);
        }
        let [_, embed_dim] = self.of("text_projection")?;
        Ok(embed_dim)
    }

    /// Number of distinct blocks, whatever their indices: a block in the place of a missing one is
    /// reported as unexpected, and no number in a file decides how much is built.
    fn layers(&self, prefix: &str) -> usize {
        let names = self.0.names();
        let blocks = names.iter().filter_map(|name| name.strip_prefix(prefix)?.split('.').next());
        blocks.collect::<BTreeSet<_>>().len()
    }

    fn not_clip(&self, missing: &str) -> ClipError {
        let path = self.0.path().to_owned();
        match self.0.names().into_iter().find(|name| name.starts_with("visual.attnpool")) {
            Some(found) => ClipError::ResNet { path, found },
            None => ClipError::NotClip { path, missing: missing.to_owned() },
        }
    }

    fn fault(&self, reason: String) -> ClipError {
        ClipError::Sizes { path: self.0.path().to_owned(), reason }
    }
}
