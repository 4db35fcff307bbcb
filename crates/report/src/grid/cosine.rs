//! The meaning of the cosines in traces, in words.

use super::study::Cell;

/// The cells of a figure, as far as it decides what a cosine of theirs is called.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Cosines {
    /// The number that every similarity term is divided by, where that is one number.
    divisor: Option<f64>,
    of: Of,
}

/// The texts that cosines are with: the most general kind among the cells.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
enum Of {
    OneText,
    SeveralTexts,
    TextsToAvoid,
}

impl Cosines {
    /// The cosines of `cells`.
    pub(crate) fn of<'c>(cells: impl IntoIterator<Item = &'c Cell>) -> Self {
        let scales: Vec<_> = cells.into_iter().map(|cell| cell.record.cosine_scale()).collect();
        let of = scales.iter().map(|scale| match (scale.texts.approach, scale.texts.avoid) {
            (0 | 1, 0) => Of::OneText,
            (_, 0) => Of::SeveralTexts,
            _ => Of::TextsToAvoid,
        });
        let first = scales.first().map_or(100.0, |scale| scale.divisor());
        let divisor = Some(first).filter(|first| scales.iter().all(|scale| scale.divisor() == *first));
        Self { divisor, of: of.max().unwrap_or(Of::OneText) }
    }

    /// The name of the cosine.
    pub(crate) fn name(self) -> &'static str {
        match self.of {
            Of::OneText => "cosine",
            Of::SeveralTexts => "mean cosine",
            Of::TextsToAvoid => "mean ±cosine",
        }
    }

    /// The title of an axis for the negative cosine.
    pub(crate) fn loss_axis(self) -> String {
        match self.divisor {
            Some(divisor) => format!("similarity loss / {} (−{})", short(divisor), self.name()),
            None => format!("−{} of the cutouts", self.name()),
        }
    }

    /// The title of an axis for the negative cosine at the end.
    pub(crate) fn last_loss_axis(self) -> String {
        match self.divisor {
            Some(divisor) => format!("last similarity loss / {}", short(divisor)),
            None => format!("last −{} of the cutouts", self.name()),
        }
    }

    /// The remark that an axis has no room for.
    pub(crate) fn note(self) -> Option<String> {
        let texts = match self.of {
            Of::OneText => None,
            Of::SeveralTexts => Some("over a prompt's texts"),
            Of::TextsToAvoid => Some("over a prompt's texts, minus for those to avoid"),
        };
        let divided = match (self.divisor, self.of) {
            (Some(_), _) => None,
            (None, Of::OneText) => Some("the similarity loss over loss_coef"),
            (None, _) => Some("the similarity loss over loss_coef and the number of texts"),
        };
        let name = self.name();
        match (divided, texts) {
            (None, None) => None,
            (Some(divided), None) => Some(format!("−{name}: {divided}.")),
            (None, Some(texts)) => Some(format!("{}: {texts}.", capital(name))),
            (Some(divided), Some(texts)) => Some(format!("−{name}: {divided}; {texts}.")),
        }
    }
}

/// A number in a few characters.
fn short(number: f64) -> String {
    if number == 0.0 || (1e-4..1e7).contains(&number.abs()) {
        number.to_string()
    } else {
        format!("{number:e}")
    }
}

fn capital(name: &str) -> String {
    let mut letters = name.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}
