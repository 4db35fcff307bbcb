use statistics::{Comparison, Pair, blocks_needed, crossed_interval, friedman_permutation, win_rate};

use super::ruler::Ruler;
use super::scores::Scores;
use crate::study::Study;
use statistics::{kendall, mean, sample_sd};

/// More optimizers than this are not compared pair by pair: time and the table of pairs grow with
/// the square of their number.
pub(crate) const MOST_COMPARED: usize = 200;

/// The optimizers in the order of their means, which of them may be the best, and how others
/// measure it.
#[derive(Debug)]
pub(crate) struct Verdict {
    /// Scores by the averaged image's similarity with its class name: table 2 of the report.
    pub(crate) scores: Scores,
    /// All pairs of the ranked optimizers; `None` for fewer than two, and for more than
    /// [`MOST_COMPARED`].
    pub(crate) comparison: Option<Comparison>,
    /// The ranked optimizers, best mean first.
    pub(crate) places: Vec<Place>,
    /// p value of Friedman's test by permutation.
    pub(crate) friedman: Option<f64>,
    /// The order by other rulers.
    pub(crate) others: Vec<Other>,
    /// True if intervals allow for other seeds, which all prompts share.
    pub(crate) crossed: bool,
}

/// A ranked optimizer.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Place {
    /// Its column in [`Scores`].
    pub(crate) column: usize,
    pub(crate) name: String,
    /// Mean similarity × 100 over the prompts.
    pub(crate) mean: f64,
    /// Standard deviation over the prompts; `None` for one.
    pub(crate) sd: Option<f64>,
    pub(crate) may_be_best: bool,
    /// p value for the hypothesis that it is the best; `None` where there is no other.
    pub(crate) p: Option<f64>,
    /// The difference of the first from this one, with its interval; `None` for the first.
    pub(crate) behind: Option<Pair>,
    /// Share of the other optimizers' scores that it beats.
    pub(crate) win_rate: Option<f64>,
    /// Diverged runs, and all runs that count.
    pub(crate) diverged: (usize, usize),
    /// Mean by the held-out judge × 100, and its place by that.
    pub(crate) judge: Option<(f64, usize)>,
}

/// The order by another ruler.
#[derive(Debug)]
pub(crate) struct Other {
    pub(crate) ruler: Ruler,
    /// Names, best mean first.
    pub(crate) order: Vec<String>,
    /// The optimizers that may be the best by this ruler, in that order.
    pub(crate) may_be_best: Vec<String>,
    /// Kendall's τ-b of this order with the main one.
    pub(crate) tau: Option<f64>,
    means: Vec<(usize, f64)>,
}

impl Verdict {
    /// The verdict on `study`.
    pub(crate) fn of(study: &Study) -> Self {
        let scores = Scores::of(study, Ruler::MAIN);
        let table = scores.table();
        let (comparison, crossed) = compare(&scores, &table);
        let means = means(&scores, &table);
        let others: Vec<Other> = Ruler::others().filter_map(|ruler| other(study, ruler, &means)).collect();
        let judge = others.iter().find(|other| other.ruler == Ruler::JUDGE);
        let columns = means.iter().map(|(column, _)| *column).collect::<Vec<_>>();
        let places = columns
            .iter()
            .map(|&column| place(study, &scores, &table, comparison.as_ref(), judge, (columns[0], column)))
            .collect();
        let friedman = few(&table).then(|| friedman_permutation(&table)).flatten();
        Self { friedman, scores, comparison, places, others, crossed }
    }

    /// The pair of two places, the first less the second.
    pub(crate) fn pair(&self, first: usize, second: usize) -> Option<Pair> {
        let (first, second) = (self.places.get(first)?, self.places.get(second)?);
        self.comparison.as_ref()?.between(first.column, second.column)
    }

    /// The order by another ruler, if that measured all ranked optimizers.
    pub(crate) fn by(&self, ruler: Ruler) -> Option<&Other> {
        self.others.iter().find(|other| other.ruler == ruler)
    }

    /// Prompts at which the first two would be told apart with a probability of 80 %, if their
    /// difference is what was measured.
    pub(crate) fn prompts_needed(&self) -> Option<f64> {
        let [first, second, ..] = self.places.as_slice() else { return None };
        let differences: Vec<f64> =
            self.scores.table().iter().map(|block| block[first.column] - block[second.column]).collect();
        let (difference, sd) = (mean(&differences)?, sample_sd(&differences)?);
        (difference != 0.0 && sd != 0.0).then(|| blocks_needed(self.places.len(), sd, difference))
    }
}

/// Returns true if `table` (prompt × optimizer) has so few optimizers that all pairs can be
/// compared.
fn few(table: &[Vec<f64>]) -> bool {
    table.first().is_none_or(|block| block.len() <= MOST_COMPARED)
}

/// All pairs; where all prompts share three seeds or more, with intervals that allow for other
/// seeds.
fn compare(scores: &Scores, table: &[Vec<f64>]) -> (Option<Comparison>, bool) {
    const ENOUGH_SEEDS: usize = 3;
    if !few(table) {
        return (None, false);
    }
    let Some(mut comparison) = Comparison::of(table) else { return (None, false) };
    let shared = scores.shared_seeds().is_some_and(|seeds| ENOUGH_SEEDS <= seeds.len());
    let pairs = comparison.pairs.len();
    for pair in comparison.pairs.iter_mut().filter(|_| shared) {
        let differences = scores.crossed_differences(pair.a, pair.b);
        if let Some(interval) = differences.and_then(|differences| crossed_interval(&differences, pairs)) {
            pair.interval = interval;
        }
    }
    (Some(comparison), shared)
}

/// Columns with their means, best first; ties in the study's order.
fn means(scores: &Scores, table: &[Vec<f64>]) -> Vec<(usize, f64)> {
    let of = |column: usize| mean(&table.iter().map(|block| block[column]).collect::<Vec<_>>());
    let mut means: Vec<(usize, f64)> =
        (0..scores.optimizers.len()).filter_map(|column| Some((column, of(column)?))).collect();
    means.sort_by(|a, b| b.1.total_cmp(&a.1));
    means
}

fn place(
    study: &Study,
    scores: &Scores,
    table: &[Vec<f64>],
    comparison: Option<&Comparison>,
    judge: Option<&Other>,
    (first, column): (usize, usize),
) -> Place {
    let column_scores: Vec<f64> = table.iter().map(|block| block[column]).collect();
    let optimizer = scores.optimizers[column];
    let by_judge = |judge: &Other| {
        let place = judge.means.iter().position(|(of, _)| *of == optimizer)?;
        Some((judge.means[place].1, place + 1))
    };
    Place {
        column,
        name: study.optimizers[optimizer].clone(),
        mean: mean(&column_scores).unwrap_or(f64::NAN),
        sd: sample_sd(&column_scores),
        may_be_best: comparison.is_none_or(|comparison| comparison.may_be_best().contains(&column)),
        p: comparison.map(|comparison| comparison.best_p[column]),
        behind: comparison
            .and_then(|comparison| comparison.between(first, column))
            .filter(|_| first != column),
        win_rate: win_rate(table, column),
        diverged: scores.diverged[column],
        judge: judge.and_then(by_judge),
    }
}

/// The order by another ruler; `None` unless it measured all optimizers that the main one ranks.
fn other(study: &Study, ruler: Ruler, main: &[(usize, f64)]) -> Option<Other> {
    let scores = Scores::of(study, ruler);
    let table = scores.table();
    let means = means(&scores, &table);
    if means.len() != main.len() || means.len() < 2 {
        return None;
    }
    let kept = match few(&table) {
        true => Comparison::of(&table)?.may_be_best(),
        false => (0..means.len()).collect(),
    };
    let name_of = |column: usize| study.optimizers[scores.optimizers[column]].clone();
    let by_column = |means: &[(usize, f64)]| {
        let mut sorted = means.to_vec();
        sorted.sort_by_key(|(column, _)| *column);
        sorted.into_iter().map(|(_, mean)| mean).collect::<Vec<_>>()
    };
    Some(Other {
        ruler,
        order: means.iter().map(|(column, _)| name_of(*column)).collect(),
        may_be_best: means
            .iter()
            .map(|(column, _)| *column)
            .filter(|column| kept.contains(column))
            .map(name_of)
            .collect(),
        tau: kendall(&by_column(main), &by_column(&means)).map(|kendall| kendall.tau),
        means: means.iter().map(|(column, mean)| (scores.optimizers[*column], *mean)).collect(),
    })
}
