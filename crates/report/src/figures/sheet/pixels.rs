//! A page of a sheet in pixels.

use image::RgbImage;
use image::imageops::{self, FilterType};
use resvg::tiny_skia::Pixmap;

use super::grid::Grid;
use super::legend::legend;
use super::pages::Page;
use super::words::words;
use super::{Row, Sheet};
use crate::draw::DrawError;
use crate::draw::raster::Rasterizer;
use crate::faults::Faults;

pub(super) fn draw(
    sheet: &Sheet,
    page: &Page,
    rasterizer: &Rasterizer,
    faults: &Faults,
) -> Result<Pixmap, DrawError> {
    let rows = &sheet.rows[page.rows.clone()];
    let below = Sheet::below(rows);
    let (columns, rows_here) = (page.columns.len() as i32, rows.len() as i32);
    let mut grid = Grid { side: sheet.side, columns, rows: rows_here, below, legend_lines: 0 };
    grid.legend_lines = legend(sheet, &grid).last().map_or(0, |entry| entry.line + 1);
    // Read one after the other: all of them together could be large.
    let mut unreadable = Vec::new();
    let mut pixels = rasterizer.draw(&words(sheet, page, &grid, &unreadable)?, 1.0)?;
    for (row, Row { places, .. }) in (0..).zip(rows) {
        for (column, place) in (0..).zip(&places[page.columns.clone()]) {
            match place.picture() {
                Ok(Some(image)) => paste(&mut pixels, &image, grid.at(row, column), grid.side),
                Ok(None) => {}
                Err(error) => {
                    faults.keep::<()>(sheet.name, Err(error));
                    unreadable.push((row, column));
                }
            }
        }
    }
    if !unreadable.is_empty() {
        let said = rasterizer.draw(&words(sheet, page, &grid, &unreadable)?, 1.0)?;
        unreadable
            .into_iter()
            .for_each(|(row, column)| copy(&said, &mut pixels, grid.at(row, column), &grid));
    }
    Ok(pixels)
}

/// Copies a place's image from one drawing of a sheet to another.
fn copy(from: &Pixmap, to: &mut Pixmap, (left, top): (i32, i32), grid: &Grid) {
    let width = from.width() as usize;
    for y in top..top + grid.side {
        let begin = 4 * (y as usize * width + left as usize);
        let line = begin..begin + 4 * grid.side as usize;
        to.data_mut()[line.clone()].copy_from_slice(&from.data()[line]);
    }
}

fn paste(pixels: &mut Pixmap, image: &RgbImage, (left, top): (i32, i32), side: i32) {
    let side = side as u32;
    let filter = if image.width() < side { FilterType::Nearest } else { FilterType::Lanczos3 };
    let scaled = imageops::resize(image, side, side, filter);
    let width = pixels.width() as usize;
    for (x, y, pixel) in scaled.enumerate_pixels() {
        let at = (top as usize + y as usize) * width + left as usize + x as usize;
        pixels.data_mut()[4 * at..4 * at + 3].copy_from_slice(&pixel.0); // opaque: the sheet is filled
    }
}
