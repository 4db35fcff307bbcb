//! Figures in which every cell is a sign: a panel for each prompt, a look for each optimizer.

use super::cut::{Cut, PANELS_PER_PAGE, Panel, Series};
use super::{Drawing, Job, page_name};
use crate::cosine::Cosines;
use crate::draw::DrawError;
use crate::draw::chart::{Axes, Line, Point};
use crate::draw::curve::Curve;
use crate::draw::figure::Layout;
use crate::draw::span::drawable;
use crate::draw::text::{bold, fit};
use crate::study::{Cell, Study};
use statistics::spearman;

/// Two quantities of a sign.
type Pair = fn(&Point) -> (f64, f64);

/// Content of a scatter plot.
pub(super) struct Scatter {
    pub(super) name: &'static str,
    pub(super) title: &'static str,
    pub(super) caption: &'static str,
    pub(super) x_title: fn(Cosines) -> String,
    pub(super) y_title: &'static str,
    /// Position of a cell's marker and of its stem's end; `None` for a cell without.
    pub(super) stem: fn(&Cell) -> Option<Point>,
    /// The two quantities whose rank correlation each panel tells, if any.
    pub(super) correlated: Option<Pair>,
}

/// With more panels than this on a page, headings are short.
const WIDE_PANELS: usize = 8;

impl Scatter {
    pub(super) fn job<'s>(&'static self, study: &'s Study) -> Job<'s> {
        Job::new(self.name, move || self.draw(study))
    }

    /// The figure's pages; none if no cell has a sign.
    fn draw(&self, study: &Study) -> Result<Vec<Drawing>, DrawError> {
        let signed = study.cells.iter().filter(|cell| self.sign(cell).is_some());
        let prompts: std::collections::BTreeSet<usize> =
            signed.map(|cell| study.rows[cell.row].prompt).collect();
        let cut = Cut::of(study, prompts);
        let pages: Vec<&[Panel]> = cut.panels.chunks(PANELS_PER_PAGE).collect();
        let drawn = |panel: &Panel, short| {
            (Some(self.heading(study, &cut, panel, short)), self.lines(study, &cut, panel))
        };
        let mut panels: Vec<Vec<_>> = Vec::new();
        for page in &pages {
            panels.push(page.iter().map(|panel| drawn(panel, WIDE_PANELS < page.len())).collect());
        }
        let Some(axes) = self.axes(Cosines::of(&study.cells), panels.iter().flatten()) else {
            return Ok(Vec::new());
        };
        let used = |series: &&Series| {
            cut.panels.iter().any(|panel| self.stems(study, panel, series).next().is_some())
        };
        let legend: Vec<_> =
            cut.series.iter().filter(used).map(|series| (series.look, series.label.clone())).collect();
        let short = panels.iter().any(|page| WIDE_PANELS < page.len());
        let rho = (short && self.correlated.is_some()).then(|| "ρ: rank correlation.".to_owned());
        let caption: Vec<String> =
            [self.caption.to_owned()].into_iter().chain(rho).chain(cut.left_out()).collect();
        let count = panels.len();
        let mut drawings = Vec::new();
        for (page, panels) in panels.into_iter().enumerate() {
            let title = if count < 2 {
                self.title.to_owned()
            } else {
                format!("{} Page {} of {count}", self.title, page + 1)
            };
            let layout = Layout {
                title: &title,
                subtitle: &study.subtitle(),
                caption: &caption.join(" "),
                axes: axes.clone(),
                panels,
                legend: legend.clone(),
                more: cut.more_series,
            };
            drawings.push(Drawing::of(page_name(self.name, page), &layout)?);
        }
        Ok(drawings)
    }

    /// The prompt, with the rank correlation where one is told.
    fn heading(&self, study: &Study, cut: &Cut, panel: &Panel, short: bool) -> String {
        let name = panel.heading(study);
        let Some(correlated) = self.correlated else { return name };
        let stems = cut.series.iter().flat_map(|series| self.stems(study, panel, series));
        let (a, b): (Vec<f64>, Vec<f64>) = stems.map(|stem| correlated(&stem)).unzip();
        let Some(correlation) = spearman(&a, &b) else { return name };
        let correlation = format!("{correlation:.2}").replace('-', "−");
        let name = fit(&name, &bold(17), if short { 110 } else { 150 }); // so that the correlation has room
        if short {
            format!("{name}, ρ {correlation}")
        } else {
            format!("{name} (rank correlation {correlation})")
        }
    }

    /// The signs of a line in a panel.
    fn stems<'s>(&'s self, study: &'s Study, panel: &Panel, series: &Series) -> impl Iterator<Item = Point> {
        Cut::cells(study, panel, series).filter_map(|cell| self.sign(cell))
    }

    /// The sign of a cell, if it can be drawn.
    fn sign(&self, cell: &Cell) -> Option<Point> {
        let Point { x, y, end } = (self.stem)(cell)?;
        Some(Point { x: drawable(x)?, y: drawable(y)?, end: (drawable(end.0)?, drawable(end.1)?) })
    }

    fn lines(&self, study: &Study, cut: &Cut, panel: &Panel) -> Vec<Line> {
        let line = |series: &Series| {
            let stems = self.stems(study, panel, series).collect();
            Line { name: series.label.clone(), look: series.look, curve: Curve::default(), stems }
        };
        cut.series.iter().map(line).collect()
    }

    fn axes<'p>(
        &self,
        cosines: Cosines,
        panels: impl Iterator<Item = &'p (Option<String>, Vec<Line>)>,
    ) -> Option<Axes> {
        let stems: Vec<&Point> = panels.flat_map(|(_, lines)| lines).flat_map(|line| &line.stems).collect();
        let x = range(stems.iter().flat_map(|stem| [stem.x, stem.end.0]))?;
        let y = range(stems.iter().flat_map(|stem| [stem.y, stem.end.1]))?;
        Some(Axes::new((self.x_title)(cosines), x, self.y_title.to_owned(), y))
    }
}

fn range(values: impl Iterator<Item = f64> + Clone) -> Option<(f64, f64)> {
    let (low, high) = (values.clone().reduce(f64::min)?, values.reduce(f64::max)?);
    let room = ((high - low) * 0.08).max(1e-3);
    Some((low - room, high + room))
}
