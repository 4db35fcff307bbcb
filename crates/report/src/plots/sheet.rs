//! Sheets of images with labels.

use std::ops::Range;
use std::path::{Path, PathBuf};

use image::RgbImage;
use image::imageops::{self, FilterType};
use plotters::prelude::{IntoDrawingArea as _, Rectangle, SVGBackend, Text};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{Color as _, RGBColor, TextStyle, WHITE};
use records::RecordError;
use resvg::tiny_skia::Pixmap;

use super::picture::{read, size};
use super::raster::Rasterizer;
use super::text::{INK, QUIET, bold, fit, lines, text, width};
use super::{Area, DrawError, Figure, LARGEST_SIDE, Write, encode, page_name};
use crate::characters::clean;
use crate::faults::{Faults, guarded};
use crate::overlay::overlay;

/// Images in rows and columns.
pub(super) struct Sheet {
    pub(super) name: &'static str,
    pub(super) title: String,
    pub(super) subtitle: String,
    pub(super) columns: Vec<String>,
    pub(super) rows: Vec<Row>,
    /// The side of every image on the sheet, in pixels.
    pub(super) side: i32,
    /// Colours and what they mean.
    pub(super) legend: Vec<([u8; 3], String)>,
}

/// A row with its label.
pub(super) struct Row {
    pub(super) heading: String,
    pub(super) notes: Vec<String>,
    pub(super) places: Vec<Place>,
}

/// What is in one place of a row.
pub(super) enum Place {
    Image {
        path: PathBuf,
        below: String,
    },
    /// An image under a mask's colours.
    Masked {
        image: PathBuf,
        mask: PathBuf,
        below: String,
    },
    Empty(String),
}

/// Rows of images on one sheet, if they are not too high; what is more goes on further ones.
const ROWS_PER_SHEET: usize = 24;
/// Sheets of one figure; what is more is told and not drawn.
const MOST_SHEETS: usize = 24;

const MARGIN: i32 = 24;
const HEADER: i32 = 116;
const LABELS: i32 = 230;
const GAP: i32 = 14;
/// Room for the words below an image.
const BELOW: i32 = 34;

/// The side of a legend's sample, and the height of its lines.
const SWATCH: i32 = 20;
const LEGEND_LINE: i32 = 32;

/// Where things are on a sheet, in pixels.
struct Grid {
    side: i32,
    columns: i32,
    rows: i32,
    below: i32,
    legend_lines: i32,
}

/// A page of a sheet: some of its rows and of its columns.
#[derive(Clone, Debug, PartialEq)]
struct Page {
    name: String,
    title: String,
    subtitle: String,
    rows: Range<usize>,
    columns: Range<usize>,
}

impl Sheet {
    /// Draws the sheet, on as many pages as it takes, and hands them to `write`.
    pub(super) fn make(
        &self,
        rasterizer: &Rasterizer,
        faults: &Faults,
        write: Write,
    ) -> Result<Vec<Figure>, RecordError> {
        let mut figures = Vec::new();
        for page in self.pages() {
            let png = guarded(|| {
                let pixels = draw(self, &page, rasterizer, faults)?;
                Ok(((pixels.width(), pixels.height()), encode(&pixels)?))
            });
            let Page { name, title, .. } = page;
            let Some((size, png)) = faults.keep(&format!("plots/{name}"), png) else { continue };
            write(&Path::new("plots").join(format!("{name}.png")), &png)?;
            figures.push(Figure { name, title, size, svg: None, of_prompt: false });
        }
        Ok(figures)
    }

    /// The pages: none wider or higher than [`LARGEST_SIDE`], and not too many.
    fn pages(&self) -> Vec<Page> {
        let fit = |room: i32, each: i32| ((room + GAP) / each.max(1)).max(1) as usize;
        let most_columns = fit(LARGEST_SIDE - LABELS - 2 * MARGIN, self.side + GAP);
        let column_blocks = self.columns.len().div_ceil(most_columns).clamp(1, MOST_SHEETS);
        let columns_each = self.columns.len().div_ceil(column_blocks).clamp(1, most_columns);
        let mut grid = Grid {
            side: self.side,
            columns: columns_each as i32,
            rows: 1,
            below: Self::below(&self.rows),
            legend_lines: 0,
        };
        grid.legend_lines = legend(self, &grid).last().map_or(0, |entry| entry.line + 1);
        let room = LARGEST_SIDE - HEADER - MARGIN - grid.legend_lines * LEGEND_LINE;
        let rows_each = fit(room, self.side + grid.below + GAP).min(ROWS_PER_SHEET);
        let row_blocks = self.rows.len().div_ceil(rows_each).min((MOST_SHEETS / column_blocks).max(1));
        let end = |block: usize, each: usize, all: usize| ((block + 1) * each).min(all);
        let mut pages = Vec::new();
        for row in 0..row_blocks {
            for column in 0..column_blocks {
                pages.push(Page {
                    name: page_name(self.name, pages.len()),
                    title: self.title.clone(),
                    subtitle: self.subtitle.clone(),
                    rows: row * rows_each..end(row, rows_each, self.rows.len()),
                    columns: column * columns_each..end(column, columns_each, self.columns.len()),
                });
            }
        }
        pages.retain(|page| !page.columns.is_empty());
        let (rows, columns) = match pages.last() {
            Some(last) => (last.rows.end, last.columns.end),
            None => return pages,
        };
        for page in &mut pages {
            if 1 < column_blocks {
                let (from, to, all) = (page.columns.start + 1, page.columns.end, self.columns.len());
                page.subtitle += &format!(" · columns {from} to {to} of {all}");
            }
            for (shown, all, what) in
                [(rows, self.rows.len(), "rows"), (columns, self.columns.len(), "columns")]
            {
                if shown < all {
                    page.subtitle +=
                        &format!(" · only the first {shown} of {all} {what} are on these sheets");
                }
            }
        }
        pages
    }

    /// Room below each image of `rows`.
    fn below(rows: &[Row]) -> i32 {
        let words_below = |place: &Place| place.below().is_some_and(|below| !below.is_empty());
        if rows.iter().flat_map(|row| &row.places).any(words_below) { BELOW } else { 0 }
    }
}

/// A side for images like the first of `paths` that can be read: large enough to be seen (small ones grow by whole factors), at
/// most `largest`.
pub(super) fn side_of<'p>(paths: impl IntoIterator<Item = &'p PathBuf>, largest: u32) -> i32 {
    match paths.into_iter().find_map(|path| size(path).ok()) {
        Some((side @ 0..160, _)) => (side * 160_u32.div_ceil(side.max(1))) as i32,
        Some((side, _)) => side.min(largest) as i32,
        None => 160,
    }
}

fn draw(sheet: &Sheet, page: &Page, rasterizer: &Rasterizer, faults: &Faults) -> Result<Pixmap, DrawError> {
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

/// Everything but the images; what is said in place of the `unreadable` ones.
fn words(sheet: &Sheet, page: &Page, grid: &Grid, unreadable: &[(i32, i32)]) -> Result<String, DrawError> {
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
            let [red, green, blue] = entry.colour;
            let swatch = [(entry.left, top), (entry.left + SWATCH, top + SWATCH)];
            root.draw(&Rectangle::new(swatch, RGBColor(red, green, blue).filled()))?;
            write(&root, entry.name, (entry.left + SWATCH + 8, top - 2), &text(20, INK))?;
        }
        root.present()?;
    }
    Ok(clean(&svg).into_owned())
}

/// An entry of a legend and where it is.
struct Entry<'s> {
    colour: [u8; 3],
    name: &'s str,
    left: i32,
    line: i32,
}

/// The legend's entries, in as many lines as the sheet's width makes of them.
fn legend<'s>(sheet: &'s Sheet, grid: &Grid) -> Vec<Entry<'s>> {
    let room = grid.size().0 as i32 - MARGIN;
    let (mut left, mut line) = (MARGIN, 0);
    let mut entries = Vec::new();
    for (colour, name) in &sheet.legend {
        let wide = SWATCH + 8 + width(name, &text(20, INK)) as i32;
        if MARGIN < left && room < left + wide {
            (left, line) = (MARGIN, line + 1);
        }
        entries.push(Entry { colour: *colour, name, left, line });
        left += wide + 28;
    }
    entries
}

impl Place {
    fn below(&self) -> Option<&str> {
        match self {
            Self::Image { below, .. } | Self::Masked { below, .. } => Some(below),
            Self::Empty(_) => None,
        }
    }

    fn picture(&self) -> Result<Option<RgbImage>, DrawError> {
        match self {
            Self::Image { path, .. } => read(path).map(Some),
            Self::Masked { image, mask, .. } => overlay(image, mask).map(Some),
            Self::Empty(_) => Ok(None),
        }
    }
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
    let centre = Pos::new(HPos::Center, VPos::Top);
    match place {
        Place::Image { below, .. } | Place::Masked { below, .. } => {
            let style = text(22, INK).pos(centre);
            write(root, &fit(below, &style, side as u32), (x + side / 2, y + side + 5), &style)
        }
        Place::Empty(why) => {
            root.draw(&Rectangle::new([(x, y), (x + side, y + side)], RGBColor(238, 238, 238).filled()))?;
            let style = text(20, QUIET).pos(centre);
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

/// Room for a title and a subtitle, however few the images.
const LEAST_WIDTH: u32 = 900;

impl Grid {
    /// The upper left corner of an image.
    fn at(&self, row: i32, column: i32) -> (i32, i32) {
        (MARGIN + LABELS + column * (self.side + GAP), HEADER + row * (self.side + self.below + GAP))
    }

    fn size(&self) -> (u32, u32) {
        let right = self.at(self.rows, self.columns).0 - GAP;
        (
            ((right + MARGIN) as u32).max(LEAST_WIDTH),
            (self.bottom() + self.legend_lines * LEGEND_LINE + MARGIN) as u32,
        )
    }

    /// Where the images end.
    fn bottom(&self) -> i32 {
        self.at(self.rows, self.columns).1 - GAP
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sheet(rows: usize, columns: usize, side: i32) -> Sheet {
        let place = |_| Place::Empty("not begun".to_owned());
        let row =
            |_| Row { heading: "cow".into(), notes: Vec::new(), places: (0..columns).map(place).collect() };
        Sheet {
            name: "images",
            title: "Images".into(),
            subtitle: "model set mini".into(),
            columns: (0..columns).map(|n| format!("adam lr={n}")).collect(),
            rows: (0..rows).map(row).collect(),
            side,
            legend: Vec::new(),
        }
    }

    /// Every place is on one page, and no page is larger than the bound.
    #[test]
    fn pages_cut_rows_and_columns_within_bounds() {
        for (rows, columns, side) in
            [(1, 1, 192), (4, 6, 192), (4, 17, 192), (4, 80, 192), (24, 6, 192), (300, 2, 320)]
        {
            let sheet = sheet(rows, columns, side);
            let pages = sheet.pages();
            let mut shown = vec![0; rows * columns];
            for page in &pages {
                let (columns_here, rows_here) = (page.columns.len() as i32, page.rows.len() as i32);
                let grid = Grid { side, columns: columns_here, rows: rows_here, below: 0, legend_lines: 0 };
                let (width, height) = grid.size();
                assert!(width.max(height) as i32 <= LARGEST_SIDE, "{page:?}: {width} × {height}");
                for row in page.rows.clone() {
                    page.columns.clone().for_each(|column| shown[row * columns + column] += 1);
                }
            }
            assert!(
                shown.iter().all(|times| *times == 1) || MOST_SHEETS <= pages.len(),
                "{rows} × {columns}"
            );
        }
    }

    #[test]
    fn what_is_not_on_the_sheets_is_told() {
        let few = sheet(4, 6, 192).pages();
        assert_eq!((few.len(), few[0].subtitle.as_str()), (1, "model set mini"));
        let wide = sheet(4, 80, 192).pages();
        assert_eq!(wide[1].name, "images-2");
        assert!(wide[1].subtitle.ends_with("columns 21 to 40 of 80"), "{}", wide[1].subtitle);
        let many = sheet(3000, 2, 192).pages();
        assert_eq!(many.len(), MOST_SHEETS);
        assert!(many[0].subtitle.contains("only the first 576 of 3000 rows"), "{}", many[0].subtitle);
    }
}
