//! The terms of a dream's loss: one list from the engine to records, tables, curves and
//! TensorBoard.
//!
//! A further term is a line in the list below, and its computation in `bigsleep` (`losses.rs` and
//! `Dreamer::evaluate`). Traces, `cells.csv`, `cell.toml`, the page and TensorBoard's event files
//! then have it too. A file that was written without it is refused by the name of the column that
//! it lacks.

use serde::{Deserialize, Serialize};

macro_rules! loss_terms {
    ($($(#[doc = $doc:literal])+ $name:ident = $column:literal,)+) => {
        /// The loss of a step and the terms that it is the sum of.
        #[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
        #[serde(deny_unknown_fields)]
        pub struct LossTerms {
            $($(#[doc = $doc])+ pub $name: f32,)+
        }

        impl LossTerms {
            /// The number of terms, the total among them.
            pub const COUNT: usize = [$($column),+].len();
            /// Names of the terms, the total first: keys in `cell.toml`, tags in TensorBoard.
            pub const NAMES: [&str; Self::COUNT] = [$(stringify!($name)),+];
            /// Names of the terms' columns in `trace.csv` and `cells.csv`.
            pub const COLUMNS: [&str; Self::COUNT] = [$($column),+];
            /// A sentence on every term.
            pub const MEANINGS: [&str; Self::COUNT] = [$(concat!($($doc),+).trim_ascii()),+];

            /// The values in the order of [`NAMES`](Self::NAMES).
            pub fn values(self) -> [f32; Self::COUNT] {
                [$(self.$name),+]
            }
        }

        impl From<[f32; LossTerms::COUNT]> for LossTerms {
            fn from([$($name),+]: [f32; LossTerms::COUNT]) -> Self {
                Self { $($name),+ }
            }
        }
    };
}

loss_terms! {
    /// Sum of the other terms, which the optimizer minimizes.
    total = "loss",
    /// −`loss_coef` × the mean cosine of cutouts and text, summed over the prompt's texts; texts to
    /// avoid have the opposite sign. Lower is more similar.
    similarity = "similarity_loss",
    /// Deviation of the latent vectors from a normal distribution.
    latent = "latent_loss",
    /// Weight on classes other than each row's first.
    class = "class_loss",
}

impl LossTerms {
    /// Names and values, the total first.
    pub fn iter(self) -> impl Iterator<Item = (&'static str, f32)> {
        Self::NAMES.into_iter().zip(self.values())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_keep_their_names() {
        let terms = LossTerms { total: 1.0, similarity: 2.0, latent: 3.0, class: 4.0 };
        assert_eq!(LossTerms::from(terms.values()), terms);
        let named: Vec<_> = terms.iter().collect();
        assert_eq!(named, [("total", 1.0), ("similarity", 2.0), ("latent", 3.0), ("class", 4.0)]);
    }
}
