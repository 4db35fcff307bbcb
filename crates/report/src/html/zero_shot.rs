//! The section about the labels: the report's table 1, of which each image shows the rest in its
//! dialog.

use records::{Evaluation, Verdict};
use serde::Serialize;

use super::answer::{Answer, label};
use crate::study::Study;
use crate::verdicts::{self, Score};

/// The section.
#[derive(Serialize)]
pub(super) struct ZeroShot {
    labels: usize,
    label_set: String,
    template: String,
    /// Table of the perceptor, then of the judge, if there is one.
    tables: Vec<Table>,
}

#[derive(Serialize)]
struct Table {
    by: &'static str,
    right: usize,
    of: usize,
    rows: Vec<Row>,
}

/// A prompt (with its seed and further axes): an answer for every optimizer.
#[derive(Serialize)]
struct Row {
    prompt: String,
    note: String,
    answers: Vec<Option<Answer>>,
}

impl ZeroShot {
    /// Nothing where no image has been judged.
    pub(super) fn of(study: &Study) -> Option<Self> {
        let evaluation = study.cells.iter().find_map(|cell| cell.evaluation.as_ref())?;
        let judged =
            study.cells.iter().any(|cell| cell.evaluation.as_ref().is_some_and(|e| e.judge.is_some()));
        let mut tables = vec![table(study, "perceptor", verdicts::perceptor)];
        tables.extend(judged.then(|| table(study, "held-out judge", verdicts::judge)));
        Some(Self {
            labels: evaluation.labels,
            label_set: evaluation.label_set.clone(),
            template: evaluation.template.clone(),
            tables,
        })
    }
}

fn table(study: &Study, by: &'static str, verdict: fn(&Evaluation) -> Option<&Verdict>) -> Table {
    let Score { right, of } = verdicts::labels_right(study, verdict);
    let answer = |run, optimizer| {
        let evaluation = study.cell(run, optimizer)?.evaluation.as_ref()?;
        label(verdict(evaluation)?, 0, evaluation.right_label.as_deref())
    };
    let row = |run: (usize, u64)| Row {
        prompt: study.prompts[study.rows[run.0].prompt].text.clone(),
        note: study.notes(run.0, run.1).join(", "),
        answers: (0..study.optimizers.len()).map(|optimizer| answer(run, optimizer)).collect(),
    };
    Table { by, right, of, rows: study.runs().into_iter().map(row).collect() }
}
