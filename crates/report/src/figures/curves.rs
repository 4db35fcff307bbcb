//! The figures made of curves: the report's figure 36 for every prompt, and the similarity of all
//! prompts.

use records::{CosineScale, LossTerms, TraceRow};

use super::cut::{Cut, MOST_PANELS, PANELS_PER_PAGE, Panel, Series};
use super::{Drawing, Job, page_name};
use crate::cosine::Cosines;
use crate::draw::DrawError;
use crate::draw::chart::{Axes, Line};
use crate::draw::curve::{Curve, curve, mean_run, smoothing_window, thin_to};
use crate::draw::figure::Layout;
use crate::draw::palette::LineStyle;
use crate::draw::span::drawable;
use crate::study::{Cell, Study};

/// A quantity that a trace holds.
struct Quantity {
    /// First part of the figure's name.
    name: &'static str,
    title: &'static str,
    y_title: fn(Cosines) -> String,
    of: fn(&TraceRow, &CosineScale) -> f64,
    /// True if it is a cosine, which is not the same thing for every prompt.
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

/// The figures of curves.
pub(super) fn jobs(study: &Study) -> Vec<Job<'_>> {
    let prompts = study.prompts.len();
    let of_all = move || Curves { quantity: &SIMILARITY, cut: Cut::of(study, 0..prompts), over: Over::Seeds };
    let mut jobs = Vec::new();
    if PANELS_PER_PAGE < of_all().cut.panels.len() {
        let mean = || Curves { quantity: &SIMILARITY, cut: Cut::of_all(study), over: Over::Prompts };
        jobs.push(Job::new(MEAN, move || mean().draw(study, MEAN, MEAN_TITLE)));
    }
    jobs.push(Job::new(SIMILARITY.name, move || of_all().draw(study, SIMILARITY.name, SIMILARITY.title)));
    for prompt in 0..prompts.min(MOST_PANELS) {
        for quantity in [&LOSS, &TOTAL] {
            let mut name = format!("{}-{}", quantity.name, study.slug(prompt));
            if RESERVED.contains(&name.as_str()) {
                name += "~";
            }
            let (of_job, title) =
                (name.clone(), format!("{}: {}", quantity.title, study.prompts[prompt].text));
            let job = Job::new(&of_job, move || {
                let mut cut = Cut::of(study, [prompt]);
                cut.more_panels += cut.panels.len().saturating_sub(PANELS_PER_PAGE);
                cut.panels.truncate(PANELS_PER_PAGE); // one page: names of further ones could be another prompt's
                Curves { quantity, cut, over: Over::Seeds }.draw(study, &name, &title)
            });
            jobs.push(job.of_prompt(quantity.name, &study.prompts[prompt].text));
        }
    }
    jobs
}

/// The name and title of the similarity's mean over prompts.
const MEAN: &str = "similarity-mean";
const MEAN_TITLE: &str = "Similarity, mean over prompts";
/// Names of figures that are no prompt's.
const RESERVED: [&str; 1] = ["loss-and-image"];

/// The similarity of one cell over its steps, smoothed, in at most so many points.
pub(crate) fn cell_curve(cell: &Cell, points: usize) -> Vec<(f64, f64)> {
    thin_to(&curve(&[series(cell, &SIMILARITY)], false).line, points)
}

/// The title of its axis.
pub(crate) fn cell_curve_axis(study: &Study) -> String {
    (SIMILARITY.y_title)(Cosines::of(&study.cells))
}

/// The runs that a line averages.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Over {
    /// The runs of a prompt.
    Seeds,
    /// The means of the prompts.
    Prompts,
}

/// A figure of curves.
struct Curves {
    quantity: &'static Quantity,
    cut: Cut,
    over: Over,
}

impl Curves {
    /// Its pages; none if none of its cells has a trace.
    fn draw(&self, study: &Study, name: &str, title: &str) -> Result<Vec<Drawing>, DrawError> {
        let lines: Vec<_> = self.cut.panels.iter().map(|panel| self.lines(study, panel)).collect();
        let cosines = Cosines::of(self.cells(study));
        let Some(axes) = axes(self.quantity, cosines, lines.iter().flatten()) else { return Ok(Vec::new()) };
        let (caption, legend) = (self.caption(study, cosines), self.legend(study));
        let heading = |panel: &Panel| (1 < self.cut.panels.len()).then(|| panel.heading(study));
        let mut panels: Vec<_> = self.cut.panels.iter().map(heading).zip(lines).collect();
        let pages = panels.len().div_ceil(PANELS_PER_PAGE);
        let mut drawings = Vec::new();
        for page in 0..pages {
            let rest = panels.split_off(panels.len().min(PANELS_PER_PAGE));
            let title =
                if pages < 2 { title.to_owned() } else { format!("{title}, page {} of {pages}", page + 1) };
            let layout = Layout {
                title: &title,
                subtitle: &study.subtitle(),
                caption: &caption,
                axes: axes.clone(),
                panels: std::mem::replace(&mut panels, rest),
                legend: legend.clone(),
                more: self.cut.more_series,
            };
            drawings.push(Drawing::of(page_name(name, page), &layout)?);
        }
        Ok(drawings)
    }

    /// One line for every series that has a trace in the panel.
    fn lines(&self, study: &Study, panel: &Panel) -> Vec<Line> {
        let line = |series: &Series| {
            let curve = self.curve(study, panel, series);
            let name = series.label.clone();
            (!curve.line.is_empty()).then_some(Line { name, look: series.look, curve, stems: Vec::new() })
        };
        self.cut.series.iter().filter_map(line).collect()
    }

    fn curve(&self, study: &Study, panel: &Panel, of: &Series) -> Curve {
        let cells: Vec<&Cell> = traced(study, panel, of).collect();
        let diverged = cells.iter().any(|cell| cell.diverged());
        let runs = |prompt: usize| -> Vec<_> {
            let of_prompt = cells.iter().filter(|cell| study.rows[cell.row].prompt == prompt);
            of_prompt.map(|cell| series(cell, self.quantity)).filter(|run| !run.is_empty()).collect()
        };
        match (self.over, panel.prompt) {
            (Over::Seeds, Some(prompt)) => curve(&runs(prompt), diverged),
            _ => {
                let prompts: std::collections::BTreeSet<usize> =
                    cells.iter().map(|cell| study.rows[cell.row].prompt).collect();
                let means: Vec<_> = prompts.into_iter().map(|prompt| mean_run(&runs(prompt))).collect();
                curve(&means, diverged)
            }
        }
    }

    /// The cells that have traces.
    fn cells<'s>(&'s self, study: &'s Study) -> impl Iterator<Item = &'s Cell> {
        let series = move |panel| self.cut.series.iter().map(move |series| (panel, series));
        self.cut.panels.iter().flat_map(series).flat_map(|(panel, series)| traced(study, panel, series))
    }

    /// Names of the series, with what became of those that diverged.
    fn legend(&self, study: &Study) -> Vec<(LineStyle, String)> {
        let entry = |series: &Series| {
            let cells = self.cut.panels.iter().flat_map(|panel| traced(study, panel, series));
            let (all, lost) =
                cells.fold((0, 0), |(all, lost), cell| (all + 1, lost + usize::from(cell.diverged())));
            let (look, name) = (series.look, &series.label);
            match (lost, all) {
                (_, 0) => None,
                (0, _) => Some((look, name.clone())),
                (1, 1) => Some((look, format!("{name} (diverged)"))),
                (lost, all) => Some((look, format!("{name} ({lost} of {all} diverged)"))),
            }
        };
        self.cut.series.iter().filter_map(entry).collect()
    }

    /// Caption on smoothing and averaging.
    fn caption(&self, study: &Study, cosines: Cosines) -> String {
        let steps = study.cells.iter().map(|cell| cell.trace.len()).max().unwrap_or(0);
        let window = smoothing_window(steps);
        let mut notes = Vec::new();
        if 1.0 < window {
            notes.push(format!("Lines: moving average over about {window} steps."));
        }
        notes.push(
            match (self.over, study.has_seeds(), 1.0 < window) {
                (Over::Prompts, false, _) => {
                    "Mean over prompts; band: one standard deviation between prompts."
                }
                (Over::Prompts, true, _) => {
                    "Mean over prompts of the means over seeds; band: one standard deviation between prompts."
                }
                (Over::Seeds, true, _) => "Mean over seeds; band: one standard deviation between seeds.",
                (Over::Seeds, false, true) => "Faint: every step.",
                (Over::Seeds, false, false) => "Every step as measured.",
            }
            .to_owned(),
        );
        if self.cells(study).any(Cell::diverged) {
            notes.push("⊗: a run diverged.".to_owned());
        }
        notes.extend(cosines.note().filter(|_| self.quantity.is_cosine));
        notes.extend(self.cut.left_out());
        notes.join(" ")
    }
}

fn series(cell: &Cell, quantity: &Quantity) -> Vec<(f64, f64)> {
    let scale = cell.record.cosine_scale();
    let point = |row: &TraceRow| Some((f64::from(row.step), drawable((quantity.of)(row, &scale))?));
    cell.trace.iter().filter_map(point).collect()
}

fn traced<'s>(study: &'s Study, panel: &Panel, series: &Series) -> impl Iterator<Item = &'s Cell> {
    Cut::cells(study, panel, series).filter(|cell| !cell.trace.is_empty())
}

/// Room for all that was measured, but for the extremes: one step that shoots off must not flatten
/// all the curves.
fn axes<'a>(quantity: &Quantity, cosines: Cosines, lines: impl Iterator<Item = &'a Line>) -> Option<Axes> {
    let curves: Vec<_> = lines.map(|line| &line.curve).collect();
    let mut values: Vec<f64> = curves
        .iter()
        .flat_map(|curve| {
            let band = curve.band.iter().flat_map(|&(_, low, high)| [low, high]);
            curve.line.iter().chain(&curve.raw).map(|&(_, value)| value).chain(band)
        })
        .collect();
    let steps = curves.iter().flat_map(|curve| &curve.line).map(|(step, _)| *step);
    let last_step = steps.reduce(f64::max)?;
    values.sort_by(f64::total_cmp);
    let at = |share: f64| values[((values.len() - 1) as f64 * share).round() as usize];
    let (low, high) = (at(0.002), at(0.998));
    let room = ((high - low) * 0.05).max(1e-6 * high.abs()).max(1e-9);
    let y_title = (quantity.y_title)(cosines);
    Some(Axes::new("step".to_owned(), (0.0, last_step.max(1.0)), y_title, (low - room, high + room)))
}
