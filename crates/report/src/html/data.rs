//! The page's numbers and texts, as its script reads them.

use std::collections::BTreeMap;

use serde::Serialize;

use super::card::{Card, Detail, Shared, command, detail};
use super::charts::{Chart, numbers};
use super::forest::Forest;
use crate::draw::plot::{Plot, Series, series};
use crate::faults::Faults;
use crate::figures::{cell_curve_axis, line_styles};
use crate::film::Film;
use crate::study::Study;

/// The content of the page's JSON.
#[derive(Serialize)]
pub(super) struct Data<'c> {
    charts: BTreeMap<&'c str, &'c Plot>,
    cells: Vec<Detail>,
    shared: Shared,
    /// The optimizers' names and looks.
    looks: Vec<Series>,
    /// Title of the cells' curves.
    axis: String,
    command: (String, String),
    forest: Option<Forest>,
}

impl<'c> Data<'c> {
    pub(super) fn of(
        study: &Study,
        (charts, forest): (&'c [Chart], Option<&Forest>),
        cards: &[Card],
        films: &[Option<Film>],
        faults: &Faults,
    ) -> Self {
        let mut shared = Shared::default();
        let cells = study.cells.iter().zip(cards).zip(films);
        let looks = study.optimizers.iter().zip(line_styles(study)).map(|(name, look)| series(name, &look));
        Self {
            charts: numbers(charts),
            cells: cells.map(|(of, film)| detail(study, of, film.as_ref(), &mut shared, faults)).collect(),
            shared,
            looks: looks.collect(),
            axis: cell_curve_axis(study),
            command: command(study),
            forest: forest.cloned(),
        }
    }
}
