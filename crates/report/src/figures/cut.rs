//! The panels and lines of a study: nothing that differs by a setting shares a line.

use std::collections::{HashMap, HashSet};

use crate::draw::palette::{LineStyle, look};
use crate::study::{Cell, Study};

/// The most lines of a panel; what is more is told and not drawn.
pub(super) const MOST_LINES: usize = 70;
/// The most panels of a figure, on all its pages; what is more is told and not drawn.
pub(super) const MOST_PANELS: usize = 48;
/// Panels on a page.
pub(super) const PANELS_PER_PAGE: usize = 12;
/// With no more lines than this in a panel, the values of `[dream]`'s lists are lines of one panel,
/// else panels.
const LINES_FOR_VALUES: usize = 8;

/// The panels and lines of a figure.
pub(super) struct Cut {
    pub(super) panels: Vec<Panel>,
    pub(super) series: Vec<Series>,
    /// Lines that are left out.
    pub(super) more_series: usize,
    /// Panels that are left out.
    pub(super) more_panels: usize,
}

/// A prompt, under one value of the lists in `[dream]` where these are panels.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Panel {
    /// Nothing where a panel is of all prompts.
    pub(super) prompt: Option<usize>,
    pub(super) axes: Option<String>,
}

/// An optimizer, under one value of the lists in `[dream]` where these are lines.
pub(super) struct Series {
    optimizer: usize,
    axes: Option<String>,
    pub(super) look: LineStyle,
    pub(super) label: String,
}

impl Cut {
    /// A panel, or one for each value, for every one of `prompts`.
    pub(super) fn of(study: &Study, prompts: impl IntoIterator<Item = usize>) -> Self {
        let values = values(study);
        let panels =
            prompts.into_iter().map(Some).flat_map(|prompt| panels(study, &values, prompt)).collect();
        Self::with(study, &values, panels)
    }

    /// A panel, or one for each value, of all prompts together.
    pub(super) fn of_all(study: &Study) -> Self {
        let values = values(study);
        Self::with(study, &values, panels(study, &values, None))
    }

    fn with(study: &Study, values: &[String], mut panels: Vec<Panel>) -> Self {
        let more_panels = panels.len().saturating_sub(MOST_PANELS);
        panels.truncate(MOST_PANELS);
        let all = if are_lines(study, values) { values.len() } else { 1 } * study.optimizers.len();
        let series = series(study, values);
        Self { panels, more_series: all - series.len(), series, more_panels }
    }

    /// The cells of a line in a panel.
    pub(super) fn cells<'s>(
        study: &'s Study,
        panel: &Panel,
        series: &Series,
    ) -> impl Iterator<Item = &'s Cell> {
        study.cells.iter().filter(move |cell| {
            let row = &study.rows[cell.row];
            let has = |axes: &Option<String>| axes.as_ref().is_none_or(|axes| *axes == row.axes);
            cell.optimizer == series.optimizer
                && panel.prompt.is_none_or(|prompt| prompt == row.prompt)
                && has(&panel.axes)
                && has(&series.axes)
        })
    }

    /// The panels that are left out, in words; `what` names them.
    pub(super) fn left_out(&self) -> Option<String> {
        let shown = self.panels.len();
        (0 < self.more_panels).then(|| format!("The first {shown} of {} panels.", shown + self.more_panels))
    }
}

impl Panel {
    /// The prompt or condition of the panel.
    pub(super) fn heading(&self, study: &Study) -> String {
        let prompt = self.prompt.map(|prompt| study.prompts[prompt].text.as_str());
        let parts: Vec<&str> = prompt.into_iter().chain(self.axes.as_deref()).collect();
        parts.join(", ")
    }
}

/// The values of the lists in `[dream]`, in the plan's order.
fn values(study: &Study) -> Vec<String> {
    let mut seen = HashSet::new();
    let rows = study.rows.iter().filter(|row| !row.axes.is_empty() && seen.insert(row.axes.as_str()));
    rows.map(|row| row.axes.clone()).collect()
}

fn are_lines(study: &Study, values: &[String]) -> bool {
    1 < values.len() && values.len() * study.optimizers.len() <= LINES_FOR_VALUES
}

fn panels(study: &Study, values: &[String], prompt: Option<usize>) -> Vec<Panel> {
    if values.len() < 2 || are_lines(study, values) {
        return vec![Panel { prompt, axes: None }];
    }
    let of = |value: &&String| {
        let in_row =
            |row: &crate::study::Row| prompt.is_none_or(|prompt| row.prompt == prompt) && row.axes == **value;
        study.rows.iter().any(in_row)
    };
    values.iter().filter(of).map(|value| Panel { prompt, axes: Some(value.clone()) }).collect()
}

fn series(study: &Study, values: &[String]) -> Vec<Series> {
    let lines: Vec<Option<&String>> =
        if are_lines(study, values) { values.iter().map(Some).collect() } else { vec![None] };
    let mut looks = Looks::default();
    let places = study
        .optimizers
        .iter()
        .enumerate()
        .flat_map(|(n, name)| lines.iter().map(move |axes| (n, name, *axes)));
    places
        .take(MOST_LINES)
        .map(|(optimizer, name, axes)| Series {
            optimizer,
            axes: axes.cloned(),
            look: looks.next(name),
            label: axes.map_or_else(|| name.clone(), |axes| format!("{name} {axes}")),
        })
        .collect()
}

/// The look of every optimizer of the study.
pub(crate) fn line_styles(study: &Study) -> Vec<LineStyle> {
    let mut looks = Looks::default();
    study.optimizers.iter().map(|name| looks.next(name)).collect()
}

/// Looks, of which settings of one optimizer have its color.
#[derive(Default)]
struct Looks(HashMap<String, usize>);

impl Looks {
    fn next(&mut self, name: &str) -> LineStyle {
        let base = name.split_whitespace().next().unwrap_or(name);
        let variants = self.0.entry(base.to_owned()).or_default();
        *variants += 1;
        look(base, *variants - 1)
    }
}
