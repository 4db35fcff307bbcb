//! The three terms of the loss. Source: `big-sleep` 0.9.1, `BigSleep.forward`.

use tch::{Kind, Tensor};

/// Weight of the latents' mean square, and the least value at which it counts.
const SQUARE_WEIGHT: f64 = 4.0;
const SQUARE_THRESHOLD: f64 = 1.0;
/// Kurtosis of a normal distribution.
const NORMAL_KURTOSIS: f64 = 3.0;
/// Class weights are multiplied by this before they are squared.
const CLASS_SCALE: f64 = 50.0;

/// How far latent vectors are from looking normally distributed: `normu [n, l, z]` → `[n]`.
///
/// Mean over the l rows of |1 - std| (unbiased) + |mean| + |kurtosis - 3| + |skewness|, plus 4 · max(mean square, 1).
pub(crate) fn latent(normu: &Tensor) -> Tensor {
    let z = normu.size()[2] as f64;
    let Moments { mean, variance, skewness, kurtosis } = Moments::of_rows(normu);
    let unbiased_std: Tensor = (variance * (z / (z - 1.0))).sqrt();
    let of_rows =
        (&unbiased_std - 1.0).abs() + mean.abs() + (kurtosis - NORMAL_KURTOSIS).abs() + skewness.abs(); // [n, l]
    let mean_square = normu.square().mean_dim([1i64, 2].as_slice(), false, None::<Kind>);
    of_rows.mean_dim(1, false, None::<Kind>) + mean_square.clamp_min(SQUARE_THRESHOLD) * SQUARE_WEIGHT
}

/// How much weight lies on classes other than each row's first: `class_weights [n, l, c]` → `[n]`.
///
/// Mean of (50 · w)² over the c - 1 smallest weights of each row.
pub(crate) fn class(class_weights: &Tensor) -> Tensor {
    let largest = class_weights.argmax(-1, true);
    let others = class_weights.scatter_value(-1, &largest, 0.0) * CLASS_SCALE;
    let (_, l, c) = class_weights.size3().expect("class weights are [n, l, c]");
    let count = l * (c - 1).max(1);
    others.square().sum_dim_intlist([1i64, 2].as_slice(), false, None::<Kind>) / count as f64
}

/// The similarity term: `alignments [n, k]` of k cutouts to their dream's target, and `loss_coef [n]` → `[n]`.
pub(crate) fn similarity(alignments: &Tensor, loss_coef: &Tensor) -> Tensor {
    -alignments.mean_dim(1, false, None::<Kind>) * loss_coef
}

/// The cosines of embeddings with the texts to approach, less those with the texts to avoid: `embeds [m, e]` and
/// `targets [m, e]`, see [`target`] → `[m]`. Gradients reach the embeddings.
pub(crate) fn alignment(embeds: &Tensor, targets: &Tensor) -> Tensor {
    (unit(embeds) * targets).sum_dim_intlist(-1, false, None::<Kind>)
}

/// What dreams are drawn to: the sum of the unit vectors of `approach [p, e]`, less that of `avoid [q, e]` → `[e]`.
///
/// A cosine with a text is a dot product with its unit vector, so the sum over texts is one dot product with this.
pub(crate) fn target(approach: &Tensor, avoid: &Tensor) -> Tensor {
    let sum = |embeds: &Tensor| unit(embeds).sum_dim_intlist(0, false, None::<Kind>);
    sum(approach) - sum(avoid)
}

fn unit(embeds: &Tensor) -> Tensor {
    embeds / embeds.norm_scalaropt_dim(2, -1, true)
}

/// Moments of each row, with the biased variance: `[n, l]` each.
struct Moments {
    mean: Tensor,
    variance: Tensor,
    skewness: Tensor,
    kurtosis: Tensor,
}

impl Moments {
    /// `values: [n, l, z]`.
    fn of_rows(values: &Tensor) -> Self {
        let mean_of = |x: &Tensor| x.mean_dim(2, true, None::<Kind>);
        let mean = mean_of(values);
        let differences = values - &mean;
        let variance = mean_of(&differences.square());
        let scores = differences / variance.sqrt();
        let cubes = scores.square() * &scores;
        let row = |x: Tensor| x.squeeze_dim(2);
        Self {
            skewness: row(mean_of(&cubes)),
            kurtosis: row(mean_of(&(cubes * scores))),
            mean: row(mean),
            variance: row(variance),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::golden::{distance, noise, read};

    const CASES: [&str; 2] = ["all_classes", "max_classes"];

    /// The package's value and gradient, and ours, which differ by the order in which numbers are added up.
    fn agrees(term: fn(&Tensor) -> Tensor, at: &Tensor, value: &Tensor, gradient: Option<&Tensor>) {
        let at = at.unsqueeze(0).set_requires_grad(true);
        let found = term(&at);
        assert!(distance(&found.get(0), value) < 1e-5, "{found:?} is not {value:?}");
        if let Some(gradient) = gradient {
            let found = Tensor::run_backward(&[found], &[at], false, false);
            assert!(distance(&found[0].get(0), gradient) < 1e-5);
        }
    }

    #[test]
    fn the_latent_term_and_its_gradient_are_the_packages() {
        let golden = read("losses.safetensors");
        for case in CASES {
            let get = |name: &str| &golden[&format!("{case}.{name}")];
            agrees(latent, get("normu"), get("latent"), Some(get("latent_grad")));
        }
    }

    #[test]
    fn the_class_term_is_the_packages() {
        let golden = read("losses.safetensors");
        for case in CASES {
            let get = |name: &str| &golden[&format!("{case}.{name}")];
            agrees(class, get("class_weights"), get("class"), None);
        }
    }

    #[test]
    fn the_latent_term_of_perfect_latents_is_its_least() {
        // Mean 0, unbiased variance 1, kurtosis 3, skewness 0: a third of the values at ±√3, biased; scaled for unbiased.
        let z = 6.0_f64;
        let at = (3.0 * (z - 1.0) / z).sqrt();
        let row = Tensor::from_slice(&[at, -at, 0.0, 0.0, 0.0, 0.0]);
        let found = latent(&row.view([1, 1, 6])).double_value(&[0]);
        assert!((found - SQUARE_WEIGHT * SQUARE_THRESHOLD).abs() < 1e-12, "{found}");
    }

    #[test]
    fn dreams_of_a_batch_have_their_own_terms() {
        let normu = noise(1, &[3, 4, 8]);
        let class_weights = normu.sigmoid();
        for (term, at) in [(latent as fn(&Tensor) -> Tensor, &normu), (class, &class_weights)] {
            let apart: Vec<_> = (0..3).map(|i| term(&at.narrow(0, i, 1))).collect();
            assert!(distance(&term(at), &Tensor::cat(&apart, 0)) < 1e-12);
        }
    }

    #[test]
    fn the_similarity_term_adds_up_texts_and_averages_cutouts() {
        let approach = Tensor::from_slice2(&[[2.0, 0.0], [0.0, 3.0]]);
        let avoid = Tensor::from_slice2(&[[-1.0, 0.0]]);
        let embeds = Tensor::from_slice(&[3.0, 4.0, 0.0, 5.0]).view([1, 2, 2]);
        let target = target(&approach, &avoid).unsqueeze(0).unsqueeze(0);
        let term = similarity(&alignment(&embeds, &target), &Tensor::from_slice(&[100.0]));
        // Cosines with the three texts: 0.6, 0.8 and -0.6 of the first cutout; 0, 1 and 0 of the second.
        let expected = -100.0 * ((0.6 + 0.8 + 0.6) + 1.0) / 2.0;
        assert!((term.double_value(&[0]) - expected).abs() < 1e-12, "{term:?}");
    }

    #[test]
    fn gradients_are_finite_differences() {
        let target = noise(2, &[1, 1, 5]);
        let of_embeds = |x: &Tensor| similarity(&alignment(x, &target), &Tensor::from_slice(&[100.0]));
        assert_gradient(latent, &noise(3, &[1, 2, 7]));
        assert_gradient(class, &noise(4, &[1, 2, 7]).sigmoid());
        assert_gradient(of_embeds, &noise(5, &[1, 3, 5]));
    }

    /// By central differences in double precision, which are off by the square of the step.
    fn assert_gradient(term: impl Fn(&Tensor) -> Tensor, at: &Tensor) {
        const STEP: f64 = 1e-5;
        let at = at.copy().set_requires_grad(true);
        let found = Tensor::run_backward(&[term(&at)], &[&at], false, false).remove(0);
        let flat = at.detach().view(-1);
        let value = |i, by| {
            let moved = flat.copy();
            let _ = moved.get(i).g_add_scalar_(by);
            term(&moved.view_as(&at)).double_value(&[0])
        };
        let difference = |i| (value(i, STEP) - value(i, -STEP)) / (2.0 * STEP);
        let expected: Vec<_> = (0..flat.numel() as i64).map(difference).collect();
        assert!(distance(&found, &Tensor::from_slice(&expected).view_as(&found)) < 1e-7);
    }
}
