//! The report's table 1: the labels nearest to every final image.

use records::{Evaluation, Guess, Verdict};

use super::{Column, Table, Value};
use crate::study::{Cell, Study};

struct Line<'s> {
    cell: &'s Cell,
    evaluation: &'s Evaluation,
    by: &'static str,
    place: usize,
    guess: &'s Guess,
}

/// A row for every image, CLIP and place.
pub(super) fn zero_shot(study: &Study) -> Table {
    let judged = study.cells.iter().filter_map(|cell| Some((cell, cell.evaluation.as_ref()?)));
    let lines = judged.flat_map(|(cell, evaluation)| {
        let perceptor = lines(cell, evaluation, "perceptor", &evaluation.perceptor);
        let judge = evaluation.judge.as_ref();
        perceptor.chain(judge.into_iter().flat_map(move |judge| lines(cell, evaluation, "judge", judge)))
    });
    Table::new("zero_shot", "A row for every image, CLIP, and rank of a label.", columns(), lines)
}

fn lines<'s>(
    cell: &'s Cell,
    evaluation: &'s Evaluation,
    by: &'static str,
    verdict: &'s Verdict,
) -> impl Iterator<Item = Line<'s>> {
    (1..).zip(&verdict.nearest).map(move |(place, guess)| Line { cell, evaluation, by, place, guess })
}

fn columns<'s>() -> Vec<Column<Line<'s>>> {
    let mut columns = image();
    columns.extend(label());
    columns
}

/// The image, and which CLIP judges it.
fn image<'s>() -> Vec<Column<Line<'s>>> {
    vec![
        Column::new("cell", "", "Path of the cell below `cells/`", |line: &Line| {
            (&line.cell.record.id).into()
        }),
        Column::new("prompt", "", "Prompt", |line: &Line| (&line.cell.record.prompt).into()),
        Column::new("class_name", "", "Name that the image is judged as", |line: &Line| {
            (&line.cell.record.class_name).into()
        }),
        Column::new("optimizer", "", "Optimizer", |line: &Line| (&line.cell.record.optimizer).into()),
        Column::new("seed", "", "Seed", |line: &Line| line.cell.record.seed.into()),
        Column::new("by", "", "`perceptor` or `judge`: the CLIP that ranks the labels", |line: &Line| {
            line.by.into()
        }),
    ]
}

fn label<'s>() -> Vec<Column<Line<'s>>> {
    vec![
        Column::new("place", "", "Rank of the label; 1 is the nearest", |line: &Line| line.place.into()),
        Column::new("label", "", "Label", |line: &Line| (&line.guess.label).into()),
        Column::new("percent", "%", "Softmax probability of the label, over all labels", |line: &Line| {
            Value::hundredfold(line.guess.probability)
        }),
        Column::new("similarity_x100", "cosine × 100", "Similarity of image to label", |line: &Line| {
            Value::hundredfold(line.guess.similarity)
        }),
        Column::new("right", "", "True if the label is right for the prompt", |line: &Line| {
            line.evaluation.right_label.as_ref().map(|right| *right == line.guess.label).into()
        }),
        Column::new("right_label", "", "Label that is right; empty if none is", |line: &Line| {
            line.evaluation.right_label.as_ref().into()
        }),
        Column::new("labels", "labels", "Number of labels", |line: &Line| line.evaluation.labels.into()),
        Column::new("label_set", "", "Name of the set of labels", |line: &Line| {
            (&line.evaluation.label_set).into()
        }),
        Column::new("template", "", "Template that each label is put into", |line: &Line| {
            (&line.evaluation.template).into()
        }),
        Column::new("model_set", "", "Model set of the run", |line: &Line| {
            (&line.cell.record.model_set).into()
        }),
    ]
}
