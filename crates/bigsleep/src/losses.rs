//! The three terms of the loss. Source: `big-sleep` 0.9.1, `BigSleep.forward`.

use tch::{Kind, Tensor, no_grad_guard};

/// Weight of the latents' mean square, and the least value at which it counts.
const SQUARE_WEIGHT: f64 = 4.0;
const SQUARE_THRESHOLD: f64 = 1.0;
/// Kurtosis of a normal distribution.
const NORMAL_KURTOSIS: f64 = 3.0;
/// Class weights are multiplied by this before they are squared.
const CLASS_SCALE: f64 = 50.0;

/// A term of n dreams, with its gradient: written out, since libtorch takes longer to find it than
/// to compute it.
pub(crate) struct Term {
    /// `[n]`
    pub(crate) value: Tensor,
    /// With respect to what the term is of: `[n, ..]`.
    pub(crate) gradient: Tensor,
}

impl Term {
    /// A tensor whose gradient, summed up, is the term's: to go backward from, past the `at` that
    /// the term is of.
    pub(crate) fn seen_from(&self, at: &Tensor) -> Tensor {
        at * &self.gradient
    }
}

/// Distance of the latent vectors' moments from a standard normal's: `normu [n, l, z]`.
///
/// Mean over the l rows of |1 - std| (unbiased) + |mean| + |kurtosis - 3| + |skewness|, plus 4 ·
/// max(mean square, 1).
///
/// With t = (x - mean) / σ (biased), the derivatives by x, times z: of the mean 1, of the std t √(z
/// / (z - 1)), of the skewness 3 (t² - 1 - t · skewness) / σ, of the kurtosis 4 (t³ - skewness - t
/// · kurtosis) / σ.
pub(crate) fn latent(normu: &Tensor) -> Term {
    let _no_grad = no_grad_guard();
    let (_, l, z) = normu.size3().expect("latents are [n, l, z]");
    let unbiased = (z as f64 / (z as f64 - 1.0)).sqrt();
    let mean_of_row = |x: &Tensor| x.mean_dim(2, true, None::<Kind>); // [n, l, 1]
    let mean = mean_of_row(normu);
    let differences = normu - &mean;
    let squares_of_all = normu.square().mean_dim([1i64, 2].as_slice(), true, None::<Kind>); // [n, 1, 1]
    let sigma = mean_of_row(&differences.square()).sqrt();
    let scores = differences / &sigma; // t
    let squares = scores.square();
    let skewness = mean_of_row(&(&squares * &scores));
    let kurtosis = mean_of_row(&squares.square());

    let off = Tensor::cat(&[&(&sigma * unbiased - 1.0), &mean, &(&kurtosis - NORMAL_KURTOSIS), &skewness], 2);
    let of_rows = off.abs().sum_dim_intlist([1i64, 2].as_slice(), false, None::<Kind>) / l as f64; // [n]
    let large = squares_of_all.clamp_min(SQUARE_THRESHOLD) * SQUARE_WEIGHT;

    let signs = off.sign().split(1, 2); // [n, l, 1] each
    let (of_kurtosis, of_skewness) = (&signs[2] * 4.0 / &sigma, &signs[3] * 3.0 / &sigma);
    let constant = &signs[1] - &of_kurtosis * &skewness - &of_skewness;
    let linear = &signs[0] * unbiased - &of_kurtosis * &kurtosis - &of_skewness * &skewness;
    let of_rows_gradient = ((of_kurtosis * &scores + of_skewness) * &scores + linear) * &scores + constant;
    let too_large = squares_of_all.ge(SQUARE_THRESHOLD) * (2.0 * SQUARE_WEIGHT);
    Term {
        value: of_rows + large.view([-1]),
        gradient: (of_rows_gradient + normu * too_large) / (l * z) as f64,
    }
}

/// Weight on classes other than each row's first: `class_weights [n, l, c]`.
///
/// Mean of (50 · w)² over the c - 1 smallest weights of each row.
pub(crate) fn class(class_weights: &Tensor) -> Term {
    let _no_grad = no_grad_guard();
    let (_, l, c) = class_weights.size3().expect("class weights are [n, l, c]");
    let scale = CLASS_SCALE * CLASS_SCALE / (l * (c - 1).max(1)) as f64;
    let largest = class_weights.argmax(-1, true);
    let others = class_weights.scatter_value(-1, &largest, 0.0);
    Term {
        value: others.square().sum_dim_intlist([1i64, 2].as_slice(), false, None::<Kind>) * scale,
        gradient: others * (2.0 * scale),
    }
}

/// The similarity term: `cosines [n, k]` of k cutouts to their dream's target, and `loss_coef [n]`
/// → `[n]`.
pub(crate) fn similarity(cosines: &Tensor, loss_coef: &Tensor) -> Tensor {
    -cosines.mean_dim(1, false, None::<Kind>) * loss_coef
}

/// The cosines of embeddings with the texts to approach, less those with the texts to avoid:
/// `embeds [m, e]` and `targets [m, e]`, see [`target`] → `[m]`. Gradients reach the embeddings.
pub(crate) fn cosine(embeds: &Tensor, targets: &Tensor) -> Tensor {
    (unit(embeds) * targets).sum_dim_intlist(-1, false, None::<Kind>)
}

/// The target of dreams: the sum of the unit vectors of `approach [p, e]`, less that of `avoid [q,
/// e]` → `[e]`.
///
/// A cosine with a text is a dot product with its unit vector, so the sum over texts is one dot
/// product with this.
pub(crate) fn target(approach: &Tensor, avoid: &Tensor) -> Tensor {
    let sum = |embeds: &Tensor| unit(embeds).sum_dim_intlist(0, false, None::<Kind>);
    sum(approach) - sum(avoid)
}

fn unit(embeds: &Tensor) -> Tensor {
    embeds / embeds.norm_scalaropt_dim(2, -1, true)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::golden::{distance, noise, read};

    const CASES: [&str; 2] = ["all_classes", "max_classes"];

    /// The package's value and gradient, and ours, which differ by the order in which numbers are
    /// added up.
    fn agrees(term: fn(&Tensor) -> Term, at: &Tensor, value: &Tensor, gradient: Option<&Tensor>) {
        let found = term(&at.unsqueeze(0));
        assert!(distance(&found.value.get(0), value) < 1e-5, "{:?} is not {value:?}", found.value);
        if let Some(gradient) = gradient {
            assert!(distance(&found.gradient.get(0), gradient) < 1e-5);
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
        // Mean 0, unbiased variance 1, kurtosis 3, skewness 0: a third of the values at ±√3,
        // biased; scaled for unbiased.
        let z = 6.0_f64;
        let at = (3.0 * (z - 1.0) / z).sqrt();
        let row = Tensor::from_slice(&[at, -at, 0.0, 0.0, 0.0, 0.0]);
        let found = latent(&row.view([1, 1, 6])).value.double_value(&[0]);
        assert!((found - SQUARE_WEIGHT * SQUARE_THRESHOLD).abs() < 1e-12, "{found}");
    }

    #[test]
    fn dreams_of_a_batch_have_their_own_terms() {
        let normu = noise(1, &[3, 4, 8]);
        let class_weights = normu.sigmoid();
        for (term, at) in [(latent as fn(&Tensor) -> Term, &normu), (class, &class_weights)] {
            let together = term(at);
            let apart: Vec<_> = (0..3).map(|i| term(&at.narrow(0, i, 1))).collect();
            let all =
                |part: fn(&Term) -> &Tensor| Tensor::cat(&apart.iter().map(part).collect::<Vec<_>>(), 0);
            assert!(distance(&together.value, &all(|term| &term.value)) < 1e-12);
            assert!(distance(&together.gradient, &all(|term| &term.gradient)) < 1e-12);
        }
    }

    #[test]
    fn the_similarity_term_adds_up_texts_and_averages_cutouts() {
        let approach = Tensor::from_slice2(&[[2.0, 0.0], [0.0, 3.0]]);
        let avoid = Tensor::from_slice2(&[[-1.0, 0.0]]);
        let embeds = Tensor::from_slice(&[3.0, 4.0, 0.0, 5.0]).view([1, 2, 2]);
        let target = target(&approach, &avoid).unsqueeze(0).unsqueeze(0);
        let term = similarity(&cosine(&embeds, &target), &Tensor::from_slice(&[100.0]));
        // Cosines with the three texts: 0.6, 0.8 and -0.6 of the first cutout; 0, 1 and 0 of the
        // second.
        let expected = -100.0 * ((0.6 + 0.8 + 0.6) + 1.0) / 2.0;
        assert!((term.double_value(&[0]) - expected).abs() < 1e-12, "{term:?}");
    }

    #[test]
    fn gradients_are_finite_differences() {
        let target = noise(2, &[1, 1, 5]);
        let of_embeds = |x: &Tensor| {
            let x = x.copy().set_requires_grad(true);
            let value = similarity(&cosine(&x, &target), &Tensor::from_slice(&[100.0]));
            let gradient = Tensor::run_backward(&[&value], &[&x], false, false).remove(0);
            Term { value, gradient }
        };
        for seed in 0..4 {
            // One below the threshold of the mean square and one above, each with its own signs.
            assert_gradient(latent, &(noise(seed, &[1, 2, 7]) * 0.5 + 0.1));
            assert_gradient(latent, &(noise(seed, &[1, 2, 7]) * 2.0 - 0.3));
        }
        assert_gradient(class, &noise(4, &[1, 2, 7]).sigmoid());
        assert_gradient(of_embeds, &noise(5, &[1, 3, 5]));
    }

    /// By central differences in double precision, which are off by the square of the step.
    fn assert_gradient(term: impl Fn(&Tensor) -> Term, at: &Tensor) {
        const STEP: f64 = 1e-5;
        let flat = at.view(-1);
        let value = |i, by| {
            let moved = flat.copy();
            let _ = moved.get(i).g_add_scalar_(by);
            term(&moved.view_as(at)).value.double_value(&[0])
        };
        let difference = |i| (value(i, STEP) - value(i, -STEP)) / (2.0 * STEP);
        let expected: Vec<_> = (0..flat.numel() as i64).map(difference).collect();
        let found = term(at).gradient;
        let off = distance(&found, &Tensor::from_slice(&expected).view_as(&found));
        assert!(off < 1e-7, "{off:e}");
    }
}
