//! The parts of a step by themselves, to measure each (`benches/components.rs`) or to study what
//! the loss is made of.
//!
//! In the order in which a [`step`](Dreamer::step) takes them: [`inputs`], [`generate`], [`boxes`],
//! [`cut`], [`perceive`], [`loss`], [`advance`], of which [`average`] is a part.

use super::{Dreamer, cutouts, losses};
use crate::{Dream, latents::Latents};
use tch::{Kind, Tensor};

pub use super::CHUNK_CPU;

/// The dream's latents and class weights, as the generator takes them: `[1, l, z]` and `[1, l, c]`.
pub fn inputs(dream: &Dream) -> [Tensor; 2] {
    let class_weights = super::class_weights(&dream.latents.cls, &dream.spec.settings);
    [dream.latents.normu.unsqueeze(0), class_weights.unsqueeze(0)]
}

/// The generator: latents and class weights → `[1, 3, s, s]`.
pub fn generate(dreamer: &Dreamer, [normu, class_weights]: &[Tensor; 2]) -> Tensor {
    dreamer.generate(normu, class_weights)
}

/// Draws the boxes of the dream's next step: `[1, k, 3]`.
pub fn boxes(dreamer: &Dreamer, dream: &Dream) -> Tensor {
    cutouts::to_tensor(&[dream.boxes(dreamer.generator.config().output_dim)], dreamer.device())
}

/// The cutouts of `image [1, 3, s, s]`, as patches: `[k, patches, 3·patch_side²]`.
pub fn cut(dreamer: &Dreamer, image: &Tensor, boxes: &Tensor) -> Tensor {
    dreamer.clip_guidance.cutter.cut(image, boxes)
}

/// The perceptor: cutouts as patches → `[1, k, e]`.
pub fn perceive(dreamer: &Dreamer, patches: &Tensor) -> Tensor {
    dreamer.clip_guidance.perceive(patches).unsqueeze(0)
}

/// The scalar that a step differentiates: latents, class weights and the cutouts' embeddings →
/// `[1]`.
pub fn loss(dream: &Dream, [normu, class_weights, embeds]: &[Tensor; 3]) -> Tensor {
    let cosine = losses::cosine(embeds, &dream.target.view([1, 1, -1]));
    let similarity = losses::similarity(&cosine, &dream.loss_coef.unsqueeze(0));
    let sum = |x: Tensor| x.sum(None::<Kind>);
    similarity
        + sum(losses::latent(normu).seen_from(normu))
        + sum(losses::class(class_weights).seen_from(class_weights))
}

/// Applies the gradients `[l, z]` and `[l, c]` of a step to the dream.
pub fn advance(dream: &mut Dream, [normu, cls]: &[Tensor; 2]) {
    let gradient = Latents { normu: normu.shallow_clone(), cls: cls.shallow_clone() };
    let terms = Tensor::zeros([loss_terms::LossTerms::COUNT as i64], (Kind::Float, normu.device()));
    let finite = Tensor::from(true).to_device(normu.device());
    torch_ext::no_grad(|| dream.advance(&gradient, &terms, &finite));
}

/// Takes the latents into their average once more.
pub fn average(dream: &mut Dream) {
    let active = Tensor::from(true).to_device(dream.latents.normu.device());
    dream.ema.update(&dream.latents.normu, &dream.latents.cls, &active);
}
