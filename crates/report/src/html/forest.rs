//! The forest of leads: how far each optimizer is behind the first, with its interval.

use serde::Serialize;

use crate::analysis::{Place, Verdict, interval};

/// Optimizers that have a row; the ranking below has all of them.
const ROWS: usize = 10;
/// With more prompts than this their differences are not shown one by one.
const DOTS: usize = 40;

/// The numbers of the drawing.
#[derive(Clone, Serialize)]
pub(super) struct Forest {
    first: String,
    rows: Vec<Row>,
    more: usize,
    /// True if each prompt has a dot.
    dots: bool,
    /// True if intervals are known.
    intervals: bool,
}

#[derive(Clone, Serialize)]
struct Row {
    name: String,
    mean: f64,
    words: String,
    ends: Option<(f64, f64)>,
    dots: Vec<f64>,
    may_be_best: bool,
}

impl Forest {
    /// The forest; nothing where there are not two to compare.
    pub(super) fn of(verdict: &Verdict) -> Option<Self> {
        let first = verdict.places.first()?;
        let table = verdict.scores.table();
        let dots = (2..=DOTS).contains(&table.len());
        let row = |place: &Place| {
            let behind = |block: &Vec<f64>| block[first.column] - block[place.column];
            row(place, if dots { table.iter().map(behind).collect() } else { Vec::new() })
        };
        let rows: Vec<Row> = verdict.places.iter().skip(1).take(ROWS).filter_map(row).collect();
        (!rows.is_empty()).then(|| Self {
            first: first.name.clone(),
            more: verdict.places.len() - 1 - rows.len(),
            dots,
            intervals: rows.iter().any(|row| row.ends.is_some()),
            rows,
        })
    }
}

fn row(place: &Place, dots: Vec<f64>) -> Option<Row> {
    let pair = place.behind?;
    let mean = format!("{:.2}", pair.difference).replace('-', "−");
    let words = interval(pair.interval);
    Some(Row {
        name: place.name.clone(),
        mean: pair.difference,
        ends: words.is_some().then_some(pair.interval),
        words: words.map_or(mean.clone(), |interval| format!("{mean} ({interval})")),
        dots,
        may_be_best: place.may_be_best,
    })
}
