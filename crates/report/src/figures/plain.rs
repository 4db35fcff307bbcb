//! Figures of one panel, a line for each optimizer.

use super::Drawing;
use super::cut::line_styles;
use crate::draw::DrawError;
use crate::draw::chart::{Axes, Line, Point};
use crate::draw::curve::Curve;
use crate::draw::figure::Layout;
use crate::draw::span::drawable;
use crate::study::Study;

/// The content of such a figure.
pub(super) struct Plain<'p> {
    pub(super) name: &'p str,
    pub(super) title: &'p str,
    pub(super) caption: String,
    pub(super) x_title: String,
    pub(super) y_title: String,
    /// True if y is read downward, as places are: points are at the negatives of what is meant.
    pub(super) downward: bool,
    /// Headings of panels and the points of every optimizer in them, joined by a line; a single
    /// panel needs no heading.
    pub(super) panels: Vec<(Option<String>, Vec<OfOptimizer>)>,
}

/// The points of an optimizer.
pub(super) struct OfOptimizer {
    pub(super) optimizer: usize,
    pub(super) points: Vec<(f64, f64)>,
    /// Intervals in x around points.
    pub(super) intervals: Vec<(f64, f64, f64)>,
}

impl Plain<'_> {
    /// The figure; nothing without points.
    pub(super) fn draw(self, study: &Study) -> Result<Vec<Drawing>, DrawError> {
        let looks = line_styles(study);
        let Some(axes) = self.axes() else { return Ok(Vec::new()) };
        let mut shown: Vec<usize> =
            self.panels.iter().flat_map(|(_, lines)| lines).map(|line| line.optimizer).collect();
        shown.sort_unstable();
        shown.dedup();
        let line = |of: OfOptimizer| {
            let stems = of.intervals.iter().flat_map(|&(y, low, high)| {
                let middle = of.points.iter().find(|point| point.1 == y).map_or(low, |point| point.0);
                [low, high].map(|end| Point { x: middle, y, end: (end, y) })
            });
            let stems = stems.collect();
            let line = if of.intervals.is_empty() { of.points } else { Vec::new() };
            let name = study.optimizers[of.optimizer].clone();
            Line { name, look: looks[of.optimizer], curve: Curve { line, ..Curve::default() }, stems }
        };
        let panels =
            self.panels.into_iter().map(|(heading, lines)| (heading, lines.into_iter().map(line).collect()));
        let layout = Layout {
            title: self.title,
            subtitle: &study.subtitle(),
            caption: &self.caption,
            axes,
            panels: panels.collect(),
            legend: shown.into_iter().map(|one| (looks[one], study.optimizers[one].clone())).collect(),
            more: 0,
        };
        Ok(vec![Drawing::of(self.name.to_owned(), &layout)?])
    }

    fn axes(&self) -> Option<Axes> {
        let lines = || self.panels.iter().flat_map(|(_, lines)| lines);
        let points = || lines().flat_map(|line| &line.points);
        let ends = lines().flat_map(|line| &line.intervals).flat_map(|&(_, low, high)| [low, high]);
        let x = range(points().map(|point| point.0).chain(ends))?;
        let y = range(points().map(|point| point.1))?;
        Some(Axes::new(self.x_title.clone(), x, self.y_title.clone(), y).downward(self.downward))
    }
}

fn range(values: impl Iterator<Item = f64>) -> Option<(f64, f64)> {
    let values: Vec<f64> = values.filter_map(drawable).collect();
    let (low, high) = (values.iter().copied().reduce(f64::min)?, values.iter().copied().reduce(f64::max)?);
    let room = ((high - low) * 0.06).max(1e-3);
    Some((low - room, high + room))
}
