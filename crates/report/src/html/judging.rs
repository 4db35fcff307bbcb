//! The sections about labels and segments: the report's table 1 and figure 11. Their tables are
//! made by the script from what it knows of every cell.

use serde::Serialize;

use crate::overlay;
use crate::study::Study;
use crate::verdicts::{self, Score};

/// What both sections say above their tables.
#[derive(Serialize)]
pub(super) struct Judging {
    labels: usize,
    label_set: String,
    template: String,
    /// The perceptor's table, then the judge's, if there is one.
    tables: Vec<Table>,
    segmentation: Option<Segmentation>,
}

#[derive(Serialize)]
struct Table {
    by: &'static str,
    right: usize,
    of: usize,
}

#[derive(Serialize)]
struct Segmentation {
    right: usize,
    of: usize,
    legend: Vec<Swatch>,
}

#[derive(Serialize)]
struct Swatch {
    /// Color in CSS notation.
    color: String,
    class: String,
}

impl Judging {
    /// Nothing where no image has been judged.
    pub(super) fn of(study: &Study) -> Option<Self> {
        let evaluations = || study.cells.iter().filter_map(|cell| cell.evaluation.as_ref());
        let first = evaluations().next()?;
        let table = |by, Score { right, of }: Score| Table { by, right, of };
        let mut tables = vec![table("perceptor", verdicts::labels_right(study, verdicts::perceptor))];
        if evaluations().any(|evaluation| evaluation.judge.is_some()) {
            tables.push(table("held-out judge", verdicts::labels_right(study, verdicts::judge)));
        }
        let segmented = evaluations().any(|evaluation| evaluation.segments.is_some());
        Some(Self {
            labels: first.labels,
            label_set: first.label_set.clone(),
            template: first.template.clone(),
            tables,
            segmentation: segmented.then(|| Segmentation::of(study)),
        })
    }
}

impl Segmentation {
    fn of(study: &Study) -> Self {
        let Score { right, of } = verdicts::segments_right(study);
        let swatch = |(index, class): (u8, String)| {
            let [red, green, blue] = records::voc_color(index);
            Swatch { color: format!("rgb({red} {green} {blue})"), class }
        };
        Self { right, of, legend: overlay::classes(study).into_iter().map(swatch).collect() }
    }
}
