//! One pair of axes with its lines.

use plotters::coord::types::RangedCoordf64;
use plotters::element::DashedPathElement;
use plotters::prelude::{Cartesian2d, ChartBuilder, ChartContext, PathElement, Polygon, SVGBackend};
use plotters::style::{Color as _, RGBColor};

use super::curve::Curve;
use super::marker::{end, marker};
use super::palette::{Dash, LineStyle};
use super::span::{label, span};
use super::text::{INK, QUIET, bold, text, width};
use super::{Area, DrawError};

/// A line and its look.
pub(crate) struct Line {
    pub(crate) name: String,
    pub(crate) look: LineStyle,
    pub(crate) curve: Curve,
    pub(crate) stems: Vec<Point>,
}

/// A sign of its own, with a thin line from it to another place.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Point {
    pub(crate) x: f64,
    pub(crate) y: f64,
    pub(crate) end: (f64, f64),
}

/// Labels and ranges of the axes.
#[derive(Clone, Debug)]
pub(crate) struct Axes {
    x_title: String,
    y_title: String,
    x: (f64, f64),
    y: (f64, f64),
    /// True if y is read downward: a place is drawn at its negative.
    downward: bool,
}

type Chart<'a, 'b> = ChartContext<'a, SVGBackend<'b>, Cartesian2d<RangedCoordf64, RangedCoordf64>>;

/// Room beside a panel, in pixels, and for the labels at its left.
const LEFT: u32 = 14;
const RIGHT: u32 = 18;
const Y_LABELS: u32 = 66;

/// Signs along a line.
const MARKERS_PER_LINE: usize = 8;

/// Draws `lines` on `axes` into `area`, under `heading` if there is one.
pub(crate) fn chart(
    area: &Area,
    heading: Option<&str>,
    axes: &Axes,
    lines: &[Line],
) -> Result<(), DrawError> {
    let mut builder = ChartBuilder::on(area);
    builder
        .margin_top(8)
        .margin_right(RIGHT)
        .margin_left(LEFT)
        .x_label_area_size(48)
        .y_label_area_size(Y_LABELS);
    if let Some(heading) = heading {
        builder.caption(heading, bold(17));
    }
    let mut chart = builder.build_cartesian_2d(axes.x.0..axes.x.1, axes.y.0..axes.y.1)?;
    chart
        .configure_mesh()
        .x_labels(x_labels(area, axes))
        .y_labels(7)
        .max_light_lines(0)
        .bold_line_style(INK.mix(0.13))
        .axis_style(QUIET)
        .label_style(text(15, INK))
        .axis_desc_style(text(16, INK))
        .x_label_formatter(&|x| label(*x, axes.x))
        .y_label_formatter(&|y| label(if axes.downward { -y } else { *y }, axes.y))
        .x_desc(&axes.x_title)
        .y_desc(&axes.y_title)
        .draw()?;
    for line in lines {
        behind(&mut chart, axes, line)?;
    }
    for (place, line) in lines.iter().enumerate() {
        in_front(area, &mut chart, axes, line, (place, lines.len()))?;
    }
    Ok(())
}

/// The number of labels that have room below the panel, six at most.
fn x_labels(area: &Area, axes: &Axes) -> usize {
    let room = area.dim_in_pixel().0.saturating_sub(LEFT + Y_LABELS + RIGHT);
    let ends = [axes.x.0, axes.x.1].map(|end| width(&label(end, axes.x), &text(15, INK)));
    let widest = ends.into_iter().max().unwrap_or(0);
    ((room / (widest + 4)) as usize).clamp(2, 6)
}

/// The band of several runs, or the measurements of one: faint, so that the lines stay readable.
fn behind(chart: &mut Chart, axes: &Axes, line: &Line) -> Result<(), DrawError> {
    let Line { look, curve, stems, .. } = line;
    for stem in stems {
        let pen = look.color.mix(0.6).stroke_width(1);
        chart.draw_series([PathElement::new([axes.inside((stem.x, stem.y)), axes.inside(stem.end)], pen)])?;
    }
    let lower = curve.band.iter().map(|&(x, low, _)| axes.inside((x, low)));
    let upper = curve.band.iter().rev().map(|&(x, _, high)| axes.inside((x, high)));
    let outline: Vec<_> = lower.chain(upper).collect();
    if 2 < outline.len() {
        chart.draw_series([Polygon::new(outline, look.color.mix(0.13).filled())])?;
    }
    if !curve.raw.is_empty() {
        let raw: Vec<_> = curve.raw.iter().map(|&point| axes.inside(point)).collect();
        chart.draw_series([PathElement::new(raw, look.color.mix(0.17).stroke_width(1))])?;
    }
    Ok(())
}

fn in_front(
    area: &Area,
    chart: &mut Chart,
    axes: &Axes,
    line: &Line,
    place: (usize, usize),
) -> Result<(), DrawError> {
    let Line { look, curve, stems, .. } = line;
    let points: Vec<_> = curve.line.iter().map(|&point| axes.inside(point)).collect();
    stroke(chart, &points, look.dash, look.color)?;
    let corner = area.get_pixel_range();
    let pixel = |point: (f64, f64)| {
        let (x, y) = chart.backend_coord(&point);
        (x - corner.0.start, y - corner.1.start)
    };
    for n in marked(points.len(), place) {
        marker(area, look.marker, pixel(points[n]), look.color)?;
    }
    for stem in stems {
        marker(area, look.marker, pixel(axes.inside((stem.x, stem.y))), look.color)?;
    }
    let ended = curve.diverged_at.and_then(|step| points.iter().rfind(|(x, _)| *x <= step));
    if let Some(&point) = ended {
        end(area, pixel(point), look.color)?;
    }
    Ok(())
}

fn stroke(chart: &mut Chart, points: &[(f64, f64)], dash: Dash, color: RGBColor) -> Result<(), DrawError> {
    let style = color.stroke_width(2);
    let points = points.to_vec();
    let (ink, gap) = match dash {
        Dash::Solid => {
            chart.draw_series([PathElement::new(points, style)])?;
            return Ok(());
        }
        Dash::Dashed => (9, 5),
        Dash::Dotted => (2, 4),
    };
    chart.draw_series([DashedPathElement::new(points, ink, gap, style)])?;
    Ok(())
}

/// Marker positions of the `place`-th of `lines` lines: spread out, and apart from the other lines'
/// markers.
fn marked(points: usize, (place, lines): (usize, usize)) -> Vec<usize> {
    let share = |n: usize| (n as f64 + (place as f64 + 0.5) / lines as f64) / MARKERS_PER_LINE as f64;
    let mut at: Vec<usize> = (0..MARKERS_PER_LINE).map(|n| (share(n) * points as f64) as usize).collect();
    at.retain(|n| *n < points);
    at.dedup();
    at
}

impl Axes {
    /// Axes over these ranges, which are made such that they can be drawn.
    pub(crate) fn new(x_title: String, x: (f64, f64), y_title: String, y: (f64, f64)) -> Self {
        Self { x_title, y_title, x: span(x), y: span(y), downward: false }
    }

    /// The same axes with y read downward: values are drawn at their negatives.
    pub(crate) fn downward(self, downward: bool) -> Self {
        Self { downward, ..self }
    }

    pub(crate) fn x_title(&self) -> &str {
        &self.x_title
    }

    pub(crate) fn y_title(&self) -> &str {
        &self.y_title
    }

    /// The widths of the ranges of x and of y.
    pub(crate) fn spans(&self) -> (f64, f64) {
        (self.x.1 - self.x.0, self.y.1 - self.y.0)
    }

    /// `point`, or the nearest one within the frame.
    fn inside(&self, (x, y): (f64, f64)) -> (f64, f64) {
        (x.clamp(self.x.0, self.x.1), y.clamp(self.y.0, self.y.1))
    }
}
