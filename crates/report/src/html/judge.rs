//! The section about the held-out judge.

use serde::Serialize;

use crate::study::Study;
use crate::verdicts::{Agreement, Means, Score};

/// Cells that are listed by name.
const LISTED: usize = 24;

/// The section.
#[derive(Serialize)]
pub(super) struct Judge {
    images: usize,
    /// Rank correlations as they are read; nothing where they mean nothing.
    within_prompts: Option<String>,
    over_optimizers: Option<String>,
    optimizers: Vec<Row>,
    fooled: Vec<String>,
    more_fooled: usize,
}

#[derive(Serialize)]
struct Row {
    optimizer: String,
    perceptor: Option<String>,
    judge: Option<String>,
    perceptor_right: Option<String>,
    judge_right: Option<String>,
}

impl Judge {
    /// Nothing where no judge has looked.
    pub(super) fn of(study: &Study) -> Option<Self> {
        let mut agreement = Agreement::of(study)?;
        let more_fooled = agreement.fooled.len().saturating_sub(LISTED);
        agreement.fooled.truncate(LISTED);
        let correlation = |value: f64| format!("{value:.2}").replace('-', "−");
        Some(Self {
            images: agreement.images,
            within_prompts: agreement.within_prompts.map(correlation),
            over_optimizers: agreement.over_optimizers.map(correlation),
            optimizers: agreement.optimizers.iter().map(row).collect(),
            fooled: agreement.fooled,
            more_fooled,
        })
    }
}

fn row(means: &Means) -> Row {
    let shown = |mean: Option<f64>| mean.map(|mean| format!("{mean:.2}"));
    let count = |score: Score| (0 < score.of).then(|| format!("{} of {}", score.right, score.of));
    Row {
        optimizer: means.optimizer.clone(),
        perceptor: shown(means.perceptor),
        judge: shown(means.judge),
        perceptor_right: count(means.perceptor_right),
        judge_right: count(means.judge_right),
    }
}
