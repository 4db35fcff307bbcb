use checkpoint::Scope;
use tch::Tensor;

use crate::{
    Config, PatchEmbedding,
    attention::Mask,
    layers::{LayerNorm, projection},
    patches,
    transformer::Transformer,
};

/// The image tower: a vision transformer (`clip/model.py`, `VisionTransformer`).
#[derive(Debug)]
pub struct VisionTower {
    conv1_weight: Tensor,         // [width, 3, patch_size, patch_size]
    class_embedding: Tensor,      // [width]
    positional_embedding: Tensor, // [1 + patches, width]
    ln_pre: LayerNorm,
    transformer: Transformer,
    ln_post: LayerNorm,
    proj: Tensor, // [width, embed_dim]
}

impl VisionTower {
    pub(crate) fn load(scope: &Scope<'_>, config: &Config) -> Self {
        let &Config { embed_dim, patch_size, vision_width: width, vision_layers, activation, .. } = config;
        Self {
            conv1_weight: scope.take("conv1.weight", &[width, 3, patch_size, patch_size]),
            class_embedding: scope.take("class_embedding", &[width]),
            positional_embedding: scope.take("positional_embedding", &[1 + config.grid().pow(2), width]),
            ln_pre: LayerNorm::load(&scope.sub("ln_pre"), width),
            transformer: Transformer::load(
                &scope.sub("transformer"),
                width,
                vision_layers,
                Mask::None,
                activation,
            ),
            ln_post: LayerNorm::load(&scope.sub("ln_post"), width),
            proj: projection(scope, "proj", width, embed_dim),
        }
    }

    /// Embeds normalized images: `pixels: [n, 3, image_size, image_size]` → `[n, embed_dim]`.
    /// Gradients reach the pixels.
    ///
    /// # Panics
    /// When the images are of another size.
    pub fn forward(&self, pixels: &Tensor) -> Tensor {
        let patch_size = self.conv1_weight.size()[3];
        self.forward_embedded(&self.patch_embedding().forward(&patches(pixels, patch_size)))
    }

    /// The first layer by itself, for callers that have patches in hand, or pixels that are not
    /// normalized.
    #[must_use]
    pub fn patch_embedding(&self) -> PatchEmbedding {
        PatchEmbedding::new(&self.conv1_weight)
    }

    /// All but the first layer: `embedded: [n, patches, width]` → `[n, embed_dim]`.
    ///
    /// # Panics
    /// When there are more or fewer patches than positions.
    pub fn forward_embedded(&self, embedded: &Tensor) -> Tensor {
        let (n, _, width) = embedded.size3().expect("patches have been embedded: [n, patches, width]");
        let class = self.class_embedding.expand([n, 1, width], false);
        let x = Tensor::cat(&[&class, embedded], 1) + &self.positional_embedding;
        let class = self.transformer.first_token(&self.ln_pre.forward(&x)); // [n, width]
        self.ln_post.forward(&class).matmul(&self.proj)
    }

    pub(crate) fn fold(&mut self) {
        self.transformer.fold();
    }

    pub(crate) fn name(&self, out: &mut Vec<(String, Tensor)>) {
        out.push(("visual.conv1.weight".to_owned(), self.conv1_weight.shallow_clone()));
        out.push(("visual.class_embedding".to_owned(), self.class_embedding.shallow_clone()));
        out.push(("visual.positional_embedding".to_owned(), self.positional_embedding.shallow_clone()));
        self.ln_pre.name("visual.ln_pre", out);
        self.transformer.name("visual.transformer", out);
        self.ln_post.name("visual.ln_post", out);
        out.push(("visual.proj".to_owned(), self.proj.shallow_clone()));
    }
}
