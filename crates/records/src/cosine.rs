//! From a similarity term to the cosine that it stands for.

use serde::{Deserialize, Serialize};

/// The number of texts that a similarity term sums over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Texts {
    /// Texts to approach; an image without a text counts as one, an image joined to texts adds
    /// none.
    pub approach: u32,
    /// Texts to avoid.
    pub avoid: u32,
}

/// The divisor between a similarity term and a mean cosine.
///
/// The term of a step is −`loss_coef` × (the sum of the cutouts' mean cosines with the texts to
/// approach, less the same sum over the texts to avoid): see `bigsleep`'s `losses::similarity` and
/// `losses::target`. Divided by −`loss_coef` and by the number of texts it is the mean cosine over
/// the prompt's texts, in which texts to avoid count negatively, in [−1, 1]: for a prompt of one
/// text, the cosine of cutouts and text.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CosineScale {
    /// The dream's setting, 0 or more.
    pub loss_coef: f64,
    /// The prompt's texts.
    pub texts: Texts,
}

impl Texts {
    /// One text to approach.
    pub const ONE: Self = Self { approach: 1, avoid: 0 };

    /// The texts of a prompt by its name in records that do not count them, as older versions wrote
    /// them: `a bear | snow, not trees, like bear.png`.
    pub fn of_name(name: &str) -> Self {
        let parts = |texts: &str| texts.split('|').count() as u32;
        let name = name.split_once(", like ").map_or(name, |(texts, _)| texts);
        match name.split_once(", not ") {
            Some((approach, avoid)) => Self { approach: parts(approach), avoid: parts(avoid) },
            None => Self { approach: parts(name), avoid: 0 },
        }
    }
}

impl CosineScale {
    /// The value that a similarity term is divided by, but for its sign: 0 where `loss_coef` is.
    pub fn divisor(&self) -> f64 {
        self.loss_coef * (f64::from(self.texts.approach) + f64::from(self.texts.avoid))
    }

    /// The mean cosine of a similarity term, in [−1, 1]; not a number where `loss_coef` is 0, which
    /// keeps no trace of it.
    pub fn cosine(&self, similarity_loss: f32) -> f64 {
        f64::from(similarity_loss) / -self.divisor()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn divides_by_the_coefficient_and_the_number_of_texts() {
        // Cosines 0.6 and 0.8 to approach, 0.2 to avoid: (0.6 + 0.8 − 0.2) / 3.
        let scale = CosineScale { loss_coef: 50.0, texts: Texts { approach: 2, avoid: 1 } };
        assert!((scale.cosine(-50.0 * 1.2) - 0.4).abs() < 1e-7);
        // One text and the usual coefficient: to the last bit a division by −100.
        let usual = CosineScale { loss_coef: 100.0, texts: Texts::ONE };
        assert_eq!(usual.cosine(-36.1), f64::from(-36.1_f32) / -100.0);
    }

    #[test]
    fn without_a_coefficient_there_is_no_cosine() {
        assert!(CosineScale { loss_coef: 0.0, texts: Texts::ONE }.cosine(-0.0).is_nan());
    }

    #[test]
    fn names_of_older_records_tell_their_texts() {
        for (name, approach, avoid) in [
            ("bicycle", 1, 0),
            ("bicycle | chair", 2, 0),
            ("bicycle, not chair | cow, like a|b.png", 1, 2),
            ("a | b, like c.png", 2, 0),
        ] {
            assert_eq!(Texts::of_name(name), Texts { approach, avoid }, "{name}");
        }
    }
}
