//! Everything on a sheet but its images.

use plotters::prelude::{IntoDrawingArea as _, Rectangle, SVGBackend, Text};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{Color as _, RGBColor, TextStyle, WHITE};

use super::grid::{GAP, Grid, LABELS, LEGEND_LINE, MARGIN, SWATCH};
use super::legend::legend;
use super::pages::Page;
use super::{Place, Row, Sheet};
use crate::characters::clean;
use crate::draw::text::{INK, QUIET, bold, fit, lines, text, width};
use crate::draw::{Area, DrawError};

/// Everything but the images; what is said in place of the `unreadable` ones.
pub(super) fn words(
    sheet: &Sheet,
    page: &Page,
    grid: &Grid,
    unreadable: &[(i32, i32)],
) -> Result<String, DrawError> {
    let mut svg = String::new();
    {
        let root = SVGBackend::with_string(&mut svg, grid.size()).into_drawing_area();
        root.fill(&WHITE)?;
        header(&root, sheet, page, grid)?;
        for (row, content) in (0..).zip(&sheet.rows[page.rows.clone()]) {
            label(&root, content, grid.at(row, 0))?;
            for (column, place) in (0..).zip(&content.places[page.columns.clone()]) {
                let missing = Place::Empty("unreadable".to_owned());
                let place = if unreadable.contains(&(row, column)) { &missing } else { place };
                under(&root, place, grid.at(row, column), grid.side)?;
            }
        }
        for entry in legend(sheet, grid) {
            let top = grid.bottom() + 10 + entry.line * LEGEND_LINE;
            let [red, green, blue] = entry.color;
            let swatch = [(entry.left, top), (entry.left + SWATCH, top + SWATCH)];
            root.draw(&Rectangle::new(swatch, RGBColor(red, green, blue).filled()))?;
            write(&root, entry.name, (entry.left + SWATCH + 8, top - 2), &text(20, INK))?;
        }
        root.present()?;
    }
    Ok(clean(&svg).into_owned())
}

fn header(root: &Area, sheet: &Sheet, page: &Page, grid: &Grid) -> Result<(), DrawError> {
    let room = grid.size().0 - 2 * MARGIN as u32;
    let (title, subtitle) = (bold(32), text(21, QUIET));
    write(root, &fit(&page.title, &title, room), (MARGIN, 16), &title)?;
    write(root, &fit(&page.subtitle, &subtitle, room), (MARGIN, 54), &subtitle)?;
    let side = grid.side as u32;
    let fits = |size: &u32| sheet.columns.iter().all(|name| width(name, &bold(*size)) <= side);
    let size = [23, 20, 17].into_iter().find(fits).unwrap_or(17);
    let style = bold(size).pos(Pos::new(HPos::Center, VPos::Top));
    for (column, name) in (0..).zip(&sheet.columns[page.columns.clone()]) {
        let (x, y) = grid.at(0, column);
        let names = lines(name, &style, side, 2);
        let above = if names.len() < 2 { 30 } else { 39 };
        for (line, name) in (0..).zip(&names) {
            write(root, name, (x + grid.side / 2, y - above + 19 * line), &style)?;
        }
    }
    Ok(())
}

/// The row's name, to the left of its first image.
fn label(root: &Area, row: &Row, (_, top): (i32, i32)) -> Result<(), DrawError> {
    let room = (LABELS - GAP) as u32;
    let (heading, quiet) = (bold(23), text(20, QUIET));
    let mut y = top + 2;
    for line in lines(&row.heading, &heading, room, 3) {
        write(root, &line, (MARGIN, y), &heading)?;
        y += 27;
    }
    for note in &row.notes {
        write(root, &fit(note, &quiet, room), (MARGIN, y), &quiet)?;
        y += 25;
    }
    Ok(())
}

/// The words below an image, or in its place why there is none.
fn under(root: &Area, place: &Place, (x, y): (i32, i32), side: i32) -> Result<(), DrawError> {
    let center = Pos::new(HPos::Center, VPos::Top);
    match place {
        Place::Image { below, .. } | Place::Masked { below, .. } => {
            let style = text(22, INK).pos(center);
            write(root, &fit(below, &style, side as u32), (x + side / 2, y + side + 5), &style)
        }
        Place::Empty(why) => {
            root.draw(&Rectangle::new([(x, y), (x + side, y + side)], RGBColor(238, 238, 238).filled()))?;
            let style = text(20, QUIET).pos(center);
            let why = lines(why, &style, side as u32 - 10, 3);
            let top = y + side / 2 - 12 * why.len() as i32;
            (0..).zip(&why).try_for_each(|(n, line)| write(root, line, (x + side / 2, top + 24 * n), &style))
        }
    }
}

fn write(root: &Area, words: &str, at: (i32, i32), style: &TextStyle) -> Result<(), DrawError> {
    root.draw(&Text::new(words, at, style.clone()))?;
    Ok(())
}
