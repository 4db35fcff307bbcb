use records::CellStatus;

use crate::study::Cell;

/// A cell's score: an image's similarity with its class name, by one model, after a share
/// of the steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ruler {
    pub(crate) measure: Measure,
    pub(crate) budget: Budget,
}

/// The image that is compared with the class name, and the model that compares it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Measure {
    /// The averaged latents' image, by the perceptor: table 2 of the report.
    Averaged,
    /// The live latents' image, by the perceptor.
    Live,
    /// The averaged latents' image, by the held-out judge.
    Judge,
}

/// The share of the steps that is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Budget {
    Quarter,
    Half,
    All,
}

impl Ruler {
    /// The main one.
    pub(crate) const MAIN: Self = Self { measure: Measure::Averaged, budget: Budget::All };
    pub(crate) const LIVE: Self = Self { measure: Measure::Live, ..Self::MAIN };
    pub(crate) const JUDGE: Self = Self { measure: Measure::Judge, ..Self::MAIN };

    /// All of them but the main one.
    pub(crate) fn others() -> impl Iterator<Item = Self> {
        let budgets = [Budget::All, Budget::Half, Budget::Quarter];
        let measures = [Measure::Averaged, Measure::Judge, Measure::Live];
        let all =
            budgets.into_iter().flat_map(move |budget| measures.map(|measure| Self { measure, budget }));
        all.filter(|ruler| *ruler != Self::MAIN)
    }

    /// The score of a finished cell × 100: higher is better. `None` where it was not measured.
    pub(crate) fn score(self, cell: &Cell) -> Option<f64> {
        let outcome = cell.outcome()?; // what is left of cells that were begun again does not count
        let cosine = match self.budget.steps_of(outcome.steps) {
            None => match self.measure {
                Measure::Averaged => Some(outcome.similarity_averaged),
                Measure::Live => Some(outcome.similarity_live),
                Measure::Judge => cell.evaluation.as_ref()?.judge.as_ref()?.similarity,
            },
            Some(steps) => {
                let row = cell.curve.iter().find(|row| row.step == steps)?;
                match self.measure {
                    Measure::Averaged => row.averaged,
                    Measure::Live => row.live,
                    Measure::Judge => row.judge,
                }
            }
        };
        Some(100.0 * cosine?)
    }
}

impl Ruler {
    /// The score of the image that a diverged cell began with × 100, where that was measured by
    /// this ruler.
    pub(crate) fn initial(self, cell: &Cell) -> Option<f64> {
        match (&cell.record.status, self.measure) {
            (CellStatus::Diverged { similarity_initial, .. }, Measure::Averaged | Measure::Live) => {
                Some(100.0 * (*similarity_initial)?)
            }
            _ => None,
        }
    }
}

impl Measure {
    /// Its name in tables.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Averaged => "averaged",
            Self::Live => "live",
            Self::Judge => "judge",
        }
    }
}

impl Budget {
    /// Its share of the steps in percent.
    pub(crate) fn percent(self) -> u32 {
        match self {
            Self::Quarter => 25,
            Self::Half => 50,
            Self::All => 100,
        }
    }

    /// The step, of so many, at which it is spent; `None` for the last, which has a record of its
    /// own.
    fn steps_of(self, steps: u32) -> Option<u32> {
        match self {
            Self::Quarter => Some(steps / 4),
            Self::Half => Some(steps / 2),
            Self::All => None,
        }
    }
}
