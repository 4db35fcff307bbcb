//! CLIP guidance: similarity of cutouts to the targets, and its gradient in the images.

use crate::{cutouts::Cutter, losses};
use clip::{Clip, PatchEmbedding};
use tch::{Kind, Tensor};

/// The perceptor, prepared for cutouts of images of one size.
#[derive(Debug)]
pub(crate) struct ClipGuidance {
    pub(crate) clip: Clip,
    embedding: PatchEmbedding,
    pub(crate) cutter: Cutter,
    /// Cutouts that go through the perceptor at once: it sets the memory needed, not the result.
    pub(crate) chunk: i64,
}

/// Images of n dreams as the perceptor sees them.
pub(crate) struct Guidance {
    /// The similarity terms: `[n]`.
    pub(crate) similarity: Tensor,
    /// The similarity terms' gradients with respect to the images: `[n, 3, s, s]`.
    pub(crate) image_gradient: Tensor,
}

impl ClipGuidance {
    pub(crate) fn new(clip: Clip, cutter: Cutter, chunk: i64) -> Self {
        let embedding = clip.vision.patch_embedding().of_unnormalized_pixels();
        Self { clip, embedding, cutter, chunk }
    }

    /// Judges cutouts of `images [n, 3, s, s]` at `boxes [n, k, 3]` by `targets [n, e]`, weighted
    /// with `loss_coef [n]`.
    ///
    /// The cutouts go through the perceptor and back chunk by chunk, so that it never remembers
    /// more than one of them.
    pub(crate) fn guide(
        &self,
        images: &Tensor,
        boxes: &Tensor,
        targets: &Tensor,
        loss_coef: &Tensor,
    ) -> Guidance {
        let (n, k, _) = boxes.size3().expect("boxes are [n, k, 3]");
        let image_gradient = images.zeros_like();
        let cosines = targets.new_zeros([n, k], (Kind::Float, targets.device()));
        for Chunk { dreams: (first, count), cutouts: (from, length) } in chunks(n, k, self.chunk) {
            let of_chunk = |x: &Tensor| x.narrow(0, first, count);
            let part = of_chunk(images).detach().set_requires_grad(true);
            let boxes = of_chunk(boxes).narrow(1, from, length);
            let cosine = losses::cosine(&self.embed(&part, &boxes), &of_chunk(targets).unsqueeze(1));
            // Each cutout's share in its dream's term, so that the chunks' gradients add up to the
            // term's.
            let share = losses::similarity(&cosine, &of_chunk(loss_coef)) * (length as f64 / k as f64);
            let gradient = Tensor::run_backward(&[share.sum(None::<Kind>)], &[&part], false, false);
            let _ = of_chunk(&image_gradient).g_add_(&gradient[0]);
            cosines.narrow(0, first, count).narrow(1, from, length).copy_(&cosine.detach());
        }
        Guidance { similarity: losses::similarity(&cosines, loss_coef), image_gradient }
    }

    /// The cosines of cutouts with targets, `[n, k]`, without gradients; shapes as for
    /// [`clip_guidance`](Self::clip_guidance).
    pub(crate) fn cosines(&self, images: &Tensor, boxes: &Tensor, targets: &Tensor) -> Tensor {
        let (n, k, _) = boxes.size3().expect("boxes are [n, k, 3]");
        let cosines = targets.new_zeros([n, k], (Kind::Float, targets.device()));
        let _no_grad = tch::no_grad_guard();
        for Chunk { dreams: (first, count), cutouts: (from, length) } in chunks(n, k, self.chunk) {
            let of_chunk = |x: &Tensor| x.narrow(0, first, count);
            let boxes = of_chunk(boxes).narrow(1, from, length);
            let embeds = self.embed(&of_chunk(images), &boxes);
            let cosine = losses::cosine(&embeds, &of_chunk(targets).unsqueeze(1));
            cosines.narrow(0, first, count).narrow(1, from, length).copy_(&cosine);
        }
        cosines
    }

    /// Embeddings of the cutouts of `images [n, 3, s, s]` at `boxes [n, k, 3]`: `[n, k, e]`, in
    /// single precision.
    fn embed(&self, images: &Tensor, boxes: &Tensor) -> Tensor {
        let (n, k, _) = boxes.size3().expect("boxes are [n, k, 3]");
        self.perceive(&self.cutter.cut(images, boxes)).view([n, k, -1])
    }

    /// Embeddings of cutouts that are patches, `[m, patches, 3·patch_side²]`: `[m, e]`, in single
    /// precision.
    pub(crate) fn perceive(&self, patches: &Tensor) -> Tensor {
        self.clip.vision.forward_embedded(&self.embedding.forward(patches)).to_kind(Kind::Float)
    }
}

/// Whole dreams, or a part of one: first and count of the dreams, first and count of their cutouts.
#[derive(Debug, PartialEq)]
struct Chunk {
    dreams: (i64, i64),
    cutouts: (i64, i64),
}

/// `n` dreams of `k` cutouts in chunks of at most `size` cutouts.
fn chunks(n: i64, k: i64, size: i64) -> Vec<Chunk> {
    let (dreams, cutouts) = ((size / k).max(1), size.min(k));
    let spans =
        |whole: i64, part: i64| (0..whole).step_by(part as usize).map(move |at| (at, part.min(whole - at)));
    spans(n, dreams)
        .flat_map(|dreams| spans(k, cutouts).map(move |cutouts| Chunk { dreams, cutouts }))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chunks_hold_whole_dreams_or_parts_of_one() {
        let all =
            |n, k, size| chunks(n, k, size).into_iter().map(|c| (c.dreams, c.cutouts)).collect::<Vec<_>>();
        assert_eq!(all(3, 4, 9), [((0, 2), (0, 4)), ((2, 1), (0, 4))]);
        assert_eq!(all(1, 5, 2), [((0, 1), (0, 2)), ((0, 1), (2, 2)), ((0, 1), (4, 1))]);
        assert_eq!(all(2, 3, 1).len(), 6);
    }
}
