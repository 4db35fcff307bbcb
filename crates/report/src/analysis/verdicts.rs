//! Summary of the judges' verdicts.

use records::{Evaluation, Segments, Verdict};

use crate::study::{Cell, Study};
use statistics::{mean, spearman};

/// Count of right answers among the images that have one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Score {
    pub(crate) right: usize,
    pub(crate) of: usize,
}

/// Agreement of the held-out judge with the perceptor, which the images were optimized against.
#[derive(Debug)]
pub(crate) struct Agreement {
    /// Images that both have judged.
    pub(crate) images: usize,
    /// Spearman's correlation of the two similarities over the images of a prompt, its mean over
    /// the prompts: between prompts the two may differ in level without disagreeing on any image.
    pub(crate) within_prompts: Option<f64>,
    /// Correlation over the means of the complete optimizers.
    pub(crate) over_optimizers: Option<f64>,
    pub(crate) optimizers: Vec<Means>,
    /// Cells whose right label is nearest for the perceptor but not for the judge.
    pub(crate) fooled: Vec<String>,
}

/// Mean similarity of an optimizer's images by both.
#[derive(Debug)]
pub(crate) struct Means {
    pub(crate) optimizer: String,
    /// Mean similarity × 100; `None` unless all its cells have one.
    pub(crate) perceptor: Option<f64>,
    pub(crate) judge: Option<f64>,
    pub(crate) perceptor_right: Score,
    pub(crate) judge_right: Score,
}

/// The perceptor's verdict.
pub(crate) fn perceptor(evaluation: &Evaluation) -> Option<&Verdict> {
    Some(&evaluation.perceptor)
}

/// The held-out judge's verdict.
pub(crate) fn judge(evaluation: &Evaluation) -> Option<&Verdict> {
    evaluation.judge.as_ref()
}

/// Counts the right answers among `cells`.
pub(crate) fn score<'c>(
    cells: impl IntoIterator<Item = &'c Cell>,
    is_right: impl Fn(&Evaluation) -> Option<bool>,
) -> Score {
    let answers = cells.into_iter().filter_map(|cell| is_right(cell.evaluation.as_ref()?));
    answers.fold(Score::default(), |score, right| Score {
        right: score.right + usize::from(right),
        of: score.of + 1,
    })
}

/// Counts the images whose right label a CLIP ranked first.
pub(crate) fn labels_right(study: &Study, by: fn(&Evaluation) -> Option<&Verdict>) -> Score {
    score(&study.cells, |evaluation| by(evaluation)?.is_right())
}

/// Counts the images whose prompt's class was the largest segment.
pub(crate) fn segments_right(study: &Study) -> Score {
    score(&study.cells, |evaluation| evaluation.segments.as_ref().and_then(Segments::is_right))
}

/// The two similarities × 100 of a cell.
pub(crate) fn similarities(cell: &Cell) -> Option<(f64, f64)> {
    let evaluation = cell.evaluation.as_ref()?;
    let (perceptor, judge) = (evaluation.perceptor.similarity?, evaluation.judge.as_ref()?.similarity?);
    Some((100.0 * perceptor, 100.0 * judge))
}

impl Agreement {
    /// `None` where no image has been judged by both.
    pub(crate) fn of(study: &Study) -> Option<Self> {
        let pairs: Vec<_> = study.cells.iter().filter_map(similarities).collect();
        let optimizers: Vec<Means> = (0..study.optimizers.len()).map(|n| means(study, n)).collect();
        let of_optimizers = optimizers.iter().filter_map(|means| means.perceptor.zip(means.judge)).collect();
        (!pairs.is_empty()).then(|| Self {
            images: pairs.len(),
            within_prompts: within_prompts(study),
            over_optimizers: correlation(of_optimizers),
            optimizers,
            fooled: study.cells.iter().filter(fools).map(|cell| cell.record.id.clone()).collect(),
        })
    }
}

/// The mean over prompts of the correlation over a prompt's images.
fn within_prompts(study: &Study) -> Option<f64> {
    let of_prompt = |prompt: usize| {
        let cells = study.cells.iter().filter(|cell| study.rows[cell.row].prompt == prompt);
        correlation(cells.filter_map(similarities).collect())
    };
    mean(&(0..study.prompts.len()).filter_map(of_prompt).collect::<Vec<_>>())
}

fn correlation(pairs: Vec<(f64, f64)>) -> Option<f64> {
    let (a, b): (Vec<f64>, Vec<f64>) = pairs.into_iter().unzip();
    spearman(&a, &b)
}

fn means(study: &Study, optimizer: usize) -> Means {
    let cells = || study.cells.iter().filter(move |cell| cell.optimizer == optimizer);
    let pairs: Vec<_> = cells().filter_map(similarities).collect();
    // A mean over fewer prompts would not be comparable.
    let complete = study.planned_runs.runs_of(&study.optimizers[optimizer]) <= pairs.len();
    let mean_of = |one: fn(&(f64, f64)) -> f64| mean(&pairs.iter().map(one).collect::<Vec<_>>());
    Means {
        optimizer: study.optimizers[optimizer].clone(),
        perceptor: mean_of(|pair| pair.0).filter(|_| complete),
        judge: mean_of(|pair| pair.1).filter(|_| complete),
        perceptor_right: score(cells(), |evaluation| evaluation.perceptor.is_right()),
        judge_right: score(cells(), |evaluation| evaluation.judge.as_ref()?.is_right()),
    }
}

/// Returns true if the perceptor ranks the right label first and the judge does not.
fn fools(cell: &&Cell) -> bool {
    let by = |verdict: fn(&Evaluation) -> Option<&Verdict>| {
        cell.evaluation.as_ref().and_then(verdict).and_then(Verdict::is_right)
    };
    by(perceptor) == Some(true) && by(judge) == Some(false)
}
