use tch::{Kind, Tensor};

/// Regression loss of drawn images against their pictures, `[n, 3, h, w]` each in [-1, 1]: the mean
/// absolute error of the pixels, of the differences between neighbors, which are the edges, and of
/// the means of 4 × 4 squares, which are the colors of parts.
pub(crate) fn drawing(drawn: &Tensor, picture: &Tensor) -> Tensor {
    let error = drawn - picture;
    let size = |error: Tensor| error.abs().mean(Kind::Float);
    let edges = size(error.diff(1, 3, None::<Tensor>, None::<Tensor>))
        + size(error.diff(1, 2, None::<Tensor>, None::<Tensor>));
    let parts = size(error.avg_pool2d([4, 4], [4, 4], [0, 0], false, true, None));
    size(error) + edges + parts
}

/// The loss of contrastive learning (Radford et al. 2021, Fig. 3), with some more images and
/// captions that fit nothing.
///
/// `images: [n + k, e]`, `captions: [n + m, e]`, of any length: caption i fits image i for the
/// first n, and the others fit none. `opacities: [n]`, from 0 to 1, say how much of what its
/// caption says an image shows; the rest of an image's probability belongs to all captions alike,
/// so that a faint image is less similar to its caption than a clear one. The mean of the
/// cross-entropies over all captions for each of the first n images and over all images for each of
/// the first n captions; logits are cosines times `scale`.
pub(crate) fn contrastive(images: &Tensor, captions: &Tensor, opacities: &Tensor, scale: f64) -> Tensor {
    let n = opacities.size1().expect("opacities are [n]");
    let unit = |x: &Tensor| x / x.norm_scalaropt_dim(2.0, [-1], true);
    let logits = unit(images).matmul(&unit(captions).tr()) * scale; // [n + k, n + m]
    let own = Tensor::arange(n, (Kind::Int64, images.device()));
    let log_shares = logits.narrow(0, 0, n).log_softmax(-1, Kind::Float); // [n, n + m]
    let of_own = log_shares.narrow(1, 0, n).diagonal(0, 0, 1);
    let of_any = log_shares.mean_dim(-1, false, Kind::Float);
    let fitting: Tensor = opacities * of_own + (1.0 - opacities) * of_any;
    let for_images = -fitting.mean(Kind::Float);
    let for_captions = logits.narrow(1, 0, n).tr().cross_entropy_for_logits(&own);
    (for_images + for_captions) * 0.5
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contrastive_is_the_textbook_formula_of_clear_images() {
        let images = Tensor::from_slice(&[2.0f32, 0.0, 0.0, 3.0, 0.0, -1.0]).view([3, 2]);
        let captions = Tensor::from_slice(&[1.0f32, 0.0, 0.0, 0.5, -1.0, 0.0]).view([3, 2]);
        let clear = Tensor::from_slice(&[1.0f32, 1.0]);
        let got = contrastive(&images, &captions, &clear, 2.0).double_value(&[]);
        // Logits are 2 on the diagonal and 0 beside it; the third caption has -2 and 0, the third
        // image 0 and -2.
        let e = |x: f64| x.exp();
        let of_first = -(e(2.0) / (e(2.0) + 1.0 + e(-2.0))).ln(); // against one that is its opposite
        let of_second = -(e(2.0) / (e(2.0) + 2.0)).ln(); // against one that it has nothing to do with
        assert!((got - (of_first + of_second) / 2.0).abs() < 1e-6, "{got}");
    }

    /// Two images along two axes, each with the same cosine to its own caption and none to the
    /// other's: which cosine is best?
    #[test]
    fn a_faint_image_is_best_less_similar_than_a_clear_one() {
        let loss = |cosine: f64, opacity: f32| {
            let sine = (1.0 - cosine * cosine).sqrt();
            let images = Tensor::from_slice2(&[[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]);
            let captions = Tensor::from_slice2(&[[cosine, 0.0, sine], [0.0, cosine, sine]]);
            let opacities = Tensor::from_slice(&[opacity, opacity]);
            contrastive(&images, &captions, &opacities, 4.0).double_value(&[])
        };
        let best = |opacity| {
            let cosines = (0..100).map(|i| f64::from(i) / 100.0);
            cosines
                .min_by(|&one, &other| loss(one, opacity).total_cmp(&loss(other, opacity)))
                .expect("a hundred")
        };
        assert!(best(0.3) + 0.05 < best(0.6) && best(0.6) + 0.05 < best(0.9), "{} {}", best(0.3), best(0.6));
    }

    #[test]
    fn drawing_is_zero_only_for_the_picture_itself() {
        let picture = Tensor::zeros([1, 3, 8, 8], (Kind::Float, tch::Device::Cpu));
        assert_eq!(drawing(&picture, &picture).double_value(&[]), 0.0);
        // A constant error has no edges: 0.5 for the pixels and 0.5 for the parts.
        assert!((drawing(&(&picture + 0.5), &picture).double_value(&[]) - 1.0).abs() < 1e-6);
    }
}
