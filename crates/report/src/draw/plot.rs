//! The numbers of a figure, for a page that draws it itself.

use serde::Serialize;

use super::chart::Line as Drawn;
use super::curve::{Curve, thin_to};
use super::figure::Layout;
use super::palette::{LineStyle, color_index};

/// A figure of panels, on one pair of axes.
#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct Plot {
    pub(crate) x: String,
    pub(crate) y: String,
    pub(crate) caption: String,
    pub(crate) series: Vec<Series>,
    pub(crate) panels: Vec<Panel>,
    /// Steps or other places that many lines share.
    xs: Vec<Vec<f64>>,
}

/// A line's name and look.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Series {
    name: String,
    color: usize,
    dash: u8,
    marker: u8,
}

/// A panel with its lines.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Panel {
    pub(crate) heading: String,
    pub(crate) lines: Vec<Line>,
}

/// A line, or some points, of a series.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Line {
    /// Index of the series.
    s: usize,
    /// Index of the line's places.
    x: usize,
    /// The line, smoothed.
    y: Vec<f64>,
    /// As measured, by places of its own.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    raw: Vec<(f64, f64)>,
    /// Ends of the band.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    low: Vec<f64>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    high: Vec<f64>,
    /// Points, each with the end of its stem.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    points: Vec<[f64; 4]>,
    /// The step after which a run diverged.
    #[serde(skip_serializing_if = "Option::is_none")]
    end: Option<f64>,
}

impl Plot {
    /// The numbers of `layout`.
    pub(crate) fn of(layout: &Layout) -> Self {
        let mut plot = Self {
            x: layout.axes.x_title().to_owned(),
            y: layout.axes.y_title().to_owned(),
            caption: layout.caption.to_owned(),
            ..Self::default()
        };
        for (heading, lines) in &layout.panels {
            let has_some = |line: &&Drawn| !line.curve.line.is_empty() || !line.stems.is_empty();
            let lines = lines.iter().filter(has_some).map(|line| plot.line(layout, line)).collect();
            plot.panels.push(Panel { heading: heading.clone().unwrap_or_default(), lines });
        }
        plot
    }

    /// Adds the panels of a further page.
    pub(crate) fn append(&mut self, other: &Self) {
        for panel in &other.panels {
            let mut panel = panel.clone();
            for line in &mut panel.lines {
                line.s = place(&mut self.series, other.series[line.s].clone());
                line.x = place(&mut self.xs, other.xs[line.x].clone());
            }
            self.panels.push(panel);
        }
    }

    /// Numbers that it holds.
    pub(crate) fn size(&self) -> usize {
        let line = |line: &Line| {
            line.y.len() + line.low.len() + line.high.len() + 3 * line.raw.len() + 4 * line.points.len()
        };
        self.panels.iter().flat_map(|panel| &panel.lines).map(line).sum()
    }

    /// The same in about `share` of the numbers: without what was measured at every step, then with
    /// fewer points on a line.
    pub(crate) fn thinned(mut self, share: f64) -> Self {
        const LEAST: usize = 24;
        let fewer = |points: usize| ((points as f64 * share) as usize).max(LEAST);
        for line in self.panels.iter_mut().flat_map(|panel| &mut panel.lines) {
            line.raw = Vec::new();
            for values in [&mut line.y, &mut line.low, &mut line.high] {
                *values = thin_to(values, fewer(values.len()));
            }
        }
        for places in &mut self.xs {
            *places = thin_to(places, fewer(places.len()));
        }
        self
    }

    fn line(&mut self, layout: &Layout, line: &Drawn) -> Line {
        let Drawn { look, name, curve, stems } = line;
        let Curve { line, raw, band, diverged_at } = curve;
        let (x_span, y_span) = layout.axes.spans();
        let (x, y) = (|value: f64| rounded(value, x_span), |value: f64| rounded(value, y_span));
        let label = layout.legend.iter().find(|(of, words)| of == look && words.starts_with(name.as_str()));
        let series = series(label.map_or(name, |(_, words)| words), look);
        Line {
            s: place(&mut self.series, series),
            x: place(&mut self.xs, line.iter().map(|point| x(point.0)).collect()),
            y: line.iter().map(|point| y(point.1)).collect(),
            raw: raw.iter().map(|&(step, value)| (x(step), y(value))).collect(),
            low: band.iter().map(|&(_, low, _)| y(low)).collect(),
            high: band.iter().map(|&(_, _, high)| y(high)).collect(),
            points: stems.iter().map(|stem| [x(stem.x), y(stem.y), x(stem.end.0), y(stem.end.1)]).collect(),
            end: *diverged_at,
        }
    }
}

/// A series of `name`.
pub(crate) fn series(name: &str, look: &LineStyle) -> Series {
    Series {
        name: name.to_owned(),
        color: color_index(look.color),
        dash: look.dash as u8,
        marker: look.marker as u8,
    }
}

/// The place of `item` in `items`, at whose end it is put if it is not there.
fn place<T: PartialEq>(items: &mut Vec<T>, item: T) -> usize {
    items.iter().position(|known| *known == item).unwrap_or_else(|| {
        items.push(item);
        items.len() - 1
    })
}

/// `value` with the digits that can be seen on an axis of so much.
fn rounded(value: f64, span: f64) -> f64 {
    let power = 10_f64.powf((4.0 - span.abs().max(1e-300).log10()).floor());
    let short = (value * power).round() / power;
    if short.is_finite() { short } else { value }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_keep_the_digits_that_can_be_seen() {
        assert_eq!(rounded(47.382_912_3, 30.0), 47.38);
        assert_eq!(rounded(1234.0, 2000.0), 1234.0);
        assert!((rounded(1e99, 1e100) / 1e99 - 1.0).abs() < 1e-9);
        assert_eq!(rounded(0.0, 0.0), 0.0);
    }

    #[test]
    fn a_thinned_plot_keeps_ends_and_places_of_every_line() {
        let numbers: Vec<f64> = (0..400).map(f64::from).collect();
        let line = Line {
            s: 0,
            x: 0,
            y: numbers.clone(),
            raw: vec![(1.0, 1.0)],
            low: numbers.clone(),
            high: numbers.clone(),
            points: Vec::new(),
            end: None,
        };
        let panel = Panel { heading: String::new(), lines: vec![line] };
        let plot = Plot { panels: vec![panel], xs: vec![numbers], ..Plot::default() };
        let thinned = plot.thinned(0.1);
        let line = &thinned.panels[0].lines[0];
        assert_eq!((line.y.len(), line.y[0], line.y[39]), (40, 0.0, 399.0));
        assert_eq!((&thinned.xs[0], &line.high), (&line.y, &line.low));
        assert!(line.raw.is_empty());
    }
}
