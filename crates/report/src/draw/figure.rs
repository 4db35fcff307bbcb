//! A figure: title, panels, a legend beside them, a caption below.

use plotters::element::DashedPathElement;
use plotters::prelude::{IntoDrawingArea as _, PathElement, SVGBackend, Text};
use plotters::style::{Color as _, WHITE};

use super::chart::{Axes, Line, chart};
use super::marker::marker;
use super::palette::{Dash, LineStyle};
use super::text::{INK, QUIET, bold, fit, lines, text, width};
use super::{Area, DrawError};
use crate::characters::clean;

/// Layout of a figure.
pub(crate) struct Layout<'a> {
    pub(crate) title: &'a str,
    pub(crate) subtitle: &'a str,
    pub(crate) caption: &'a str,
    pub(crate) axes: Axes,
    /// Heading and lines of every panel; a single panel needs no heading.
    pub(crate) panels: Vec<(Option<String>, Vec<Line>)>,
    pub(crate) legend: Vec<(LineStyle, String)>,
    /// Lines that are not drawn.
    pub(crate) more: usize,
}

const WIDTH: u32 = 960;
const HEADER: u32 = 66;
const FOOTER: u32 = 34;
/// The height of every line of the caption but the first.
const CAPTION_LINE: u32 = 19;
const CAPTION_LINES: usize = 4;
const SINGLE_PANEL: u32 = 480;
const PANEL: u32 = 320;
const MARGIN: u32 = 16;
const SAMPLE: i32 = 34;
const LEGEND_LINE: u32 = 26;
/// The legend takes at most this much of the width, and of the height.
const LEGEND_MAX: u32 = 300;
const LEGEND_HEIGHT_MAX: u32 = 1900;
/// The height of the second line of a long name.
const NAME_LINE: u32 = 19;

/// The figure as SVG.
pub(crate) fn figure(layout: &Layout) -> Result<String, DrawError> {
    let label = text(16, INK);
    let widest = layout.legend.iter().map(|(_, words)| width(words, &label)).max().unwrap_or(0);
    let legend_width = (widest + SAMPLE as u32 + 2 * MARGIN).min(LEGEND_MAX);
    let (legend, legend_height) = legend(layout, legend_width);
    let (columns, rows) = grid(layout.panels.len());
    let panels_height = if rows * columns == 1 { SINGLE_PANEL } else { rows as u32 * PANEL };
    let body = panels_height.max(legend_height);
    let caption = lines(layout.caption, &text(14, QUIET), WIDTH - 2 * MARGIN, CAPTION_LINES);
    let more_lines = caption.len().saturating_sub(1) as u32;
    let size = (WIDTH, HEADER + body + FOOTER + more_lines * CAPTION_LINE);
    let mut svg = String::new();
    {
        let root = SVGBackend::with_string(&mut svg, size).into_drawing_area();
        root.fill(&WHITE)?;
        let (header, rest) = root.split_vertically(HEADER);
        let (middle, footer) = rest.split_vertically(body);
        let (panels, beside) = middle.split_horizontally(WIDTH - legend_width);
        draw_header(&header, layout)?;
        for (area, (heading, curves)) in panels.split_evenly((rows, columns)).iter().zip(&layout.panels) {
            let room = area.dim_in_pixel().0.saturating_sub(2 * MARGIN);
            let heading = heading.as_ref().map(|heading| fit(heading, &bold(17), room));
            chart(area, heading.as_deref(), &layout.axes, curves)?;
        }
        draw_legend(&beside, &legend)?;
        for (line, words) in (0..).zip(&caption) {
            write(&footer, words, (MARGIN as i32, 8 + line * CAPTION_LINE as i32), &text(14, QUIET))?;
        }
        root.present()?;
    }
    Ok(flat(&svg))
}

/// `svg` with the opacity of every element as that of its paint, which looks the same as long as it
/// has either outline or filling.
///
/// An element's own opacity is drawn by way of a layer as large as the figure: PNGs would take
/// three times as long.
fn flat(svg: &str) -> String {
    let svg = clean(svg);
    let mut parts = svg.split(" opacity=\"");
    let mut flat = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (opacity, rest) = part.split_once('"').unwrap_or((part, ""));
        flat += &format!(" fill-opacity=\"{opacity}\" stroke-opacity=\"{opacity}\"{rest}");
    }
    flat
}

/// Columns and rows for so many panels.
fn grid(panels: usize) -> (usize, usize) {
    let columns = match panels {
        0 | 1 => 1,
        2..=8 => 2,
        _ => 3,
    };
    (columns, panels.max(1).div_ceil(columns))
}

fn draw_header(area: &Area, layout: &Layout) -> Result<(), DrawError> {
    let (title, subtitle) = (bold(25), text(16, QUIET));
    let room = WIDTH - 2 * MARGIN;
    write(area, &fit(layout.title, &title, room), (MARGIN as i32, 12), &title)?;
    write(area, &fit(layout.subtitle, &subtitle, room), (MARGIN as i32, 42), &subtitle)
}

/// An entry of the legend: a look unless it is a remark, its words in lines, and where it begins.
struct Entry {
    look: Option<LineStyle>,
    words: Vec<String>,
    top: u32,
}

/// The legend's entries in a room of `width`, and the height that they take; what has no room is
/// counted.
fn legend(layout: &Layout, width: u32) -> (Vec<Entry>, u32) {
    let room = width.saturating_sub(SAMPLE as u32 + 8 + MARGIN);
    let mut entries = Vec::new();
    let mut top = MARGIN;
    for (look, words) in &layout.legend {
        if LEGEND_HEIGHT_MAX < top + LEGEND_LINE + NAME_LINE {
            break;
        }
        let words = lines(words, &text(16, INK), room, 2);
        let more_lines = words.len().saturating_sub(1) as u32;
        entries.push(Entry { look: Some(*look), words, top });
        top += LEGEND_LINE + more_lines * NAME_LINE;
    }
    let unnamed = layout.legend.len() - entries.len();
    for (count, what) in [(unnamed, "without a name here"), (layout.more, "not drawn")] {
        if 0 < count {
            let words = lines(&format!("and {count} more, {what}"), &text(16, INK), room, 2);
            entries.push(Entry { look: None, words, top });
            top += LEGEND_LINE + NAME_LINE;
        }
    }
    (entries, top)
}

fn draw_legend(area: &Area, entries: &[Entry]) -> Result<(), DrawError> {
    let label = text(16, INK);
    for Entry { look, words, top } in entries {
        let y = *top as i32 + 6;
        if let Some(look) = look {
            let line = [(0, y), (SAMPLE, y)];
            let style = look.color.stroke_width(2);
            match look.dash {
                Dash::Solid => area.draw(&PathElement::new(line, style))?,
                Dash::Dashed => area.draw(&DashedPathElement::new(line, 9, 5, style))?,
                Dash::Dotted => area.draw(&DashedPathElement::new(line, 2, 4, style))?,
            }
            marker(area, look.marker, (SAMPLE / 2, y), look.color)?;
        }
        for (line, words) in (0..).zip(words) {
            write(area, words, (SAMPLE + 8, y - 8 + line * NAME_LINE as i32), &label)?;
        }
    }
    Ok(())
}

fn write(
    area: &Area,
    words: &str,
    at: (i32, i32),
    style: &plotters::style::TextStyle,
) -> Result<(), DrawError> {
    area.draw(&Text::new(words, at, style.clone()))?;
    Ok(())
}
