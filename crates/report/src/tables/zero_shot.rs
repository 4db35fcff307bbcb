//! The report's table 1: the labels nearest to every final image.

use records::{Evaluation, Guess, Verdict};

use super::{csv, number, strings};
use crate::study::{Cell, Study};

/// A row for every image, CLIP and place: the label there, its share in percent and its similarity × 100.
pub(super) fn nearest(study: &Study) -> Result<Vec<u8>, csv::Error> {
    let header = [
        "cell",
        "prompt",
        "class_name",
        "optimizer",
        "seed",
        "by",
        "place",
        "label",
        "percent",
        "similarity_x100",
        "right",
        "right_label",
        "labels",
        "label_set",
        "template",
        "model_set",
    ];
    let mut lines = Vec::new();
    for (cell, evaluation) in study.cells.iter().filter_map(|cell| Some((cell, cell.evaluation.as_ref()?))) {
        lines.extend(of_verdict(cell, evaluation, "perceptor", &evaluation.perceptor));
        lines.extend(evaluation.judge.iter().flat_map(|judge| of_verdict(cell, evaluation, "judge", judge)));
    }
    csv(&strings(&header), lines)
}

fn of_verdict(cell: &Cell, evaluation: &Evaluation, by: &str, verdict: &Verdict) -> Vec<Vec<String>> {
    let record = &cell.record;
    let line = |(place, guess): (usize, &Guess)| {
        let right = evaluation.right_label.as_ref().map(|right| (*right == guess.label).to_string());
        vec![
            record.id.clone(),
            record.prompt.clone(),
            record.class_name.clone(),
            record.optimizer.clone(),
            record.seed.to_string(),
            by.to_owned(),
            place.to_string(),
            guess.label.clone(),
            number(Some(100.0 * guess.probability), 4),
            number(Some(100.0 * guess.similarity), 4),
            right.unwrap_or_default(),
            evaluation.right_label.clone().unwrap_or_default(),
            evaluation.labels.to_string(),
            evaluation.label_set.clone(),
            evaluation.template.clone(),
            record.model_set.clone(),
        ]
    };
    (1..).zip(&verdict.nearest).map(line).collect()
}
