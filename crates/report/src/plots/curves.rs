//! The figures made of curves: the report's figure 36 for every prompt, and the similarity of all prompts.

use records::{CosineScale, LossTerms, TraceRow};

use super::DrawError;
use super::chart::{Axes, Line};
use super::curve::{curve, smoothing_window};
use super::figure::{Layout, figure, small};
use super::palette::{Look, look};
use crate::cosine::Cosines;
use crate::study::{Cell, Study};

/// A quantity that a trace holds.
struct Quantity {
    /// First part of the figure's name.
    name: &'static str,
    title: &'static str,
    y_title: fn(Cosines) -> String,
    of: fn(&TraceRow, &CosineScale) -> f64,
    /// Whether it is a cosine, which is not the same thing for every prompt.
    is_cosine: bool,
}

const LOSS: Quantity = Quantity {
    name: "loss",
    title: "Loss",
    y_title: Cosines::loss_axis,
    of: |row, scale| -scale.cosine(row.loss.similarity),
    is_cosine: true,
};

const TOTAL: Quantity = Quantity {
    name: "total-loss",
    title: "Total loss",
    y_title: |_| format!("{} loss", LossTerms::NAMES[1..].join(" + ")),
    of: |row, _| f64::from(row.loss.total),
    is_cosine: false,
};

const SIMILARITY: Quantity = Quantity {
    name: "similarity",
    title: "Similarity",
    y_title: |cosines| format!("100 × {}, live latents", cosines.name()),
    of: |row, scale| 100.0 * scale.cosine(row.loss.similarity),
    is_cosine: true,
};

/// A figure before it is turned into pixels.
pub(super) struct Drawing {
    pub(super) name: String,
    pub(super) title: String,
    pub(super) svg: String,
    pub(super) size: (u32, u32),
}

/// Every figure of curves.
pub(super) fn draw(study: &Study) -> Result<Vec<Drawing>, DrawError> {
    let all: Vec<usize> = (0..study.prompts.len()).collect();
    let similarity = one_figure(study, &SIMILARITY, SIMILARITY.name, &all)?;
    let mut figures: Vec<Drawing> = similarity.into_iter().collect();
    for &prompt in &all {
        for quantity in [&LOSS, &TOTAL] {
            let name = format!("{}-{}", quantity.name, study.slug(prompt));
            figures.extend(one_figure(study, quantity, &name, &[prompt])?);
        }
    }
    Ok(figures)
}

/// The similarity of one cell over its steps, small, as SVG; nothing if it has no trace.
pub(crate) fn cell_curve(study: &Study, cell: &Cell) -> Result<Option<String>, DrawError> {
    let curve = curve(&[series(cell, &SIMILARITY)], cell.diverged());
    let line = Line { look: looks(study)[cell.optimizer], curve, stems: Vec::new() };
    let cosines = Cosines::of([cell]);
    axes(&SIMILARITY, cosines, [&line].into_iter()).map(|axes| small(&axes, line)).transpose()
}

/// One panel for every one of `prompts`; nothing if none of them has a trace.
fn one_figure(
    study: &Study,
    quantity: &Quantity,
    name: &str,
    prompts: &[usize],
) -> Result<Option<Drawing>, DrawError> {
    let title = match prompts {
        [prompt] => format!("{}: {}", quantity.title, study.prompts[*prompt].text),
        _ => quantity.title.to_owned(),
    };
    let heading = |prompt: usize| (1 < prompts.len()).then(|| study.prompts[prompt].text.clone());
    let panels: Vec<_> =
        prompts.iter().map(|&prompt| (heading(prompt), lines(study, quantity, prompt))).collect();
    let cosines = cosines(study, prompts);
    let Some(axes) = axes(quantity, cosines, panels.iter().flat_map(|(_, lines)| lines)) else {
        return Ok(None);
    };
    let layout = Layout {
        title: &title,
        subtitle: &study.subtitle(),
        caption: &caption(study, quantity, cosines, prompts),
        axes,
        panels,
        legend: legend(study, prompts),
    };
    let (svg, size) = figure(&layout)?;
    Ok(Some(Drawing { name: name.to_owned(), title, svg, size }))
}

/// One line for every optimizer that has a trace for `prompt`.
fn lines(study: &Study, quantity: &Quantity, prompt: usize) -> Vec<Line> {
    let looks = looks(study);
    let line = |optimizer: usize| {
        let cells: Vec<&Cell> = traced(study, optimizer, prompt).collect();
        let runs: Vec<_> = cells.iter().map(|cell| series(cell, quantity)).collect();
        let curve = curve(&runs, cells.iter().any(|cell| cell.diverged()));
        let drawn = !curve.line.is_empty();
        drawn.then_some(Line { look: looks[optimizer], curve, stems: Vec::new() })
    };
    (0..study.optimizers.len()).filter_map(line).collect()
}

fn series(cell: &Cell, quantity: &Quantity) -> Vec<(f64, f64)> {
    let scale = cell.record.cosine_scale();
    let points = cell.trace.iter().map(|row| (f64::from(row.step), (quantity.of)(row, &scale)));
    points.filter(|(_, value)| value.is_finite()).collect()
}

/// What the cosines of the prompts' cells are of.
fn cosines(study: &Study, prompts: &[usize]) -> Cosines {
    Cosines::of(study.cells.iter().filter(|cell| prompts.contains(&study.rows[cell.row].prompt)))
}

fn traced(study: &Study, optimizer: usize, prompt: usize) -> impl Iterator<Item = &Cell> {
    study
        .cells
        .iter()
        .filter(move |cell| cell.optimizer == optimizer && study.rows[cell.row].prompt == prompt)
        .filter(|cell| !cell.trace.is_empty())
}

/// The look of every optimizer of the study.
pub(super) fn looks(study: &Study) -> Vec<Look> {
    let base = |name: &str| name.split_whitespace().next().unwrap_or(name).to_owned();
    let variant = |place: usize| {
        let name = base(&study.optimizers[place]);
        study.optimizers[..place].iter().filter(|other| base(other) == name).count()
    };
    (0..study.optimizers.len()).map(|place| look(&base(&study.optimizers[place]), variant(place))).collect()
}

/// Names of the optimizers, with what became of those that diverged.
fn legend(study: &Study, prompts: &[usize]) -> Vec<(Look, String)> {
    let entry = |(optimizer, look): (usize, Look)| {
        let cells: Vec<&Cell> = prompts.iter().flat_map(|&prompt| traced(study, optimizer, prompt)).collect();
        let lost = cells.iter().filter(|cell| cell.diverged()).count();
        let name = &study.optimizers[optimizer];
        match (lost, cells.len()) {
            (_, 0) => None,
            (0, _) => Some((look, name.clone())),
            (1, 1) => Some((look, format!("{name} (diverged)"))),
            (lost, all) => Some((look, format!("{name} ({lost} of {all} diverged)"))),
        }
    };
    looks(study).into_iter().enumerate().filter_map(entry).collect()
}

/// Room for all that was measured, but for the extremes: one step that shoots off must not flatten all the curves.
fn axes<'a>(quantity: &Quantity, cosines: Cosines, lines: impl Iterator<Item = &'a Line>) -> Option<Axes> {
    let curves: Vec<_> = lines.map(|line| &line.curve).collect();
    let mut values: Vec<f64> = curves
        .iter()
        .flat_map(|curve| {
            let band = curve.band.iter().flat_map(|&(_, low, high)| [low, high]);
            curve.line.iter().chain(&curve.raw).map(|&(_, value)| value).chain(band)
        })
        .collect();
    let last_step =
        curves.iter().filter_map(|curve| curve.line.last()).map(|(step, _)| *step).reduce(f64::max)?;
    values.sort_by(f64::total_cmp);
    let at = |share: f64| values[((values.len() - 1) as f64 * share).round() as usize];
    let (low, high) = (at(0.002), at(0.998));
    let room = ((high - low) * 0.05).max(1e-6 * high.abs()).max(1e-9);
    Some(Axes {
        x_title: "step".to_owned(),
        y_title: (quantity.y_title)(cosines),
        x: (0.0, last_step.max(1.0)),
        y: (low - room, high + room),
    })
}

/// How the lines came about.
fn caption(study: &Study, quantity: &Quantity, cosines: Cosines, prompts: &[usize]) -> String {
    let steps = study.cells.iter().map(|cell| cell.trace.len()).max().unwrap_or(0);
    let window = smoothing_window(steps);
    let places = study.prompts.len() * study.optimizers.len();
    let several = places < study.cells.len();
    let mut notes = Vec::new();
    if 1.0 < window {
        notes.push(format!("Lines: moving average over about {window} steps."));
    }
    match (several, 1.0 < window) {
        (true, _) => notes.push("Mean of all runs; band: one standard deviation to either side.".to_owned()),
        (false, true) => notes.push("Faint: every step.".to_owned()),
        (false, false) => notes.push("Every step as measured.".to_owned()),
    }
    if study.cells.iter().any(|cell| cell.diverged() && prompts.contains(&study.rows[cell.row].prompt)) {
        notes.push("⊗: a run diverged.".to_owned());
    }
    notes.extend(cosines.note().filter(|_| quantity.is_cosine));
    notes.join(" ")
}
