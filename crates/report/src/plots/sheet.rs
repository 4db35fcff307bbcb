//! Sheets of images with labels.

use std::path::{Path, PathBuf};

use image::RgbImage;
use image::imageops::{self, FilterType};
use plotters::prelude::{IntoDrawingArea as _, Rectangle, SVGBackend, Text};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{Color as _, RGBColor, TextStyle, WHITE};
use resvg::tiny_skia::Pixmap;

use super::picture::read;
use super::raster::Rasterizer;
use super::text::{INK, QUIET, bold, fit, lines, text, width};
use super::{Area, DrawError, Figure, encode};
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

/// Rows of images on one sheet; what is more goes on further ones.
const ROWS_PER_SHEET: usize = 24;

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

/// The sheet, on as many pages as it takes.
pub(super) fn pages(sheet: &Sheet, rasterizer: &Rasterizer) -> Result<Vec<Figure>, DrawError> {
    let page = |(page, rows): (usize, &[Row])| {
        let name = if page == 0 { sheet.name.to_owned() } else { format!("{}-{}", sheet.name, page + 1) };
        let pixels = draw(sheet, rows, rasterizer)?;
        let size = (pixels.width(), pixels.height());
        Ok(Figure { name, title: sheet.title.clone(), size, svg: None, png: encode(&pixels)? })
    };
    sheet.rows.chunks(ROWS_PER_SHEET).enumerate().map(page).collect()
}

/// A side for images like the one at `path`: large enough to be seen (small ones grow by whole factors), at most `largest`.
pub(super) fn side_of(path: &Path, largest: u32) -> Result<i32, DrawError> {
    Ok(match read(path)?.width() {
        side @ 0..160 => (side * 160_u32.div_ceil(side.max(1))) as i32,
        side => side.min(largest) as i32,
    })
}

fn draw(sheet: &Sheet, rows: &[Row], rasterizer: &Rasterizer) -> Result<Pixmap, DrawError> {
    let words_below = |place: &Place| place.below().is_some_and(|below| !below.is_empty());
    let below = if rows.iter().flat_map(|row| &row.places).any(words_below) { BELOW } else { 0 };
    let (columns, rows_here) = (sheet.columns.len() as i32, rows.len() as i32);
    let mut grid = Grid { side: sheet.side, columns, rows: rows_here, below, legend_lines: 0 };
    grid.legend_lines = legend(sheet, &grid).last().map_or(0, |entry| entry.line + 1);
    let mut pixels = rasterizer.draw(&words(sheet, rows, &grid)?, 1.0)?;
    for (row, Row { places, .. }) in (0..).zip(rows) {
        for (column, place) in (0..).zip(places) {
            if let Some(image) = place.picture()? {
                paste(&mut pixels, &image, grid.at(row, column), grid.side);
            }
        }
    }
    Ok(pixels)
}

/// Everything but the images.
fn words(sheet: &Sheet, rows: &[Row], grid: &Grid) -> Result<String, DrawError> {
    let mut svg = String::new();
    {
        let root = SVGBackend::with_string(&mut svg, grid.size()).into_drawing_area();
        root.fill(&WHITE)?;
        header(&root, sheet, grid)?;
        for (row, content) in (0..).zip(rows) {
            label(&root, content, grid.at(row, 0))?;
            for (column, place) in (0..).zip(&content.places) {
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
    Ok(svg)
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

fn header(root: &Area, sheet: &Sheet, grid: &Grid) -> Result<(), DrawError> {
    let room = grid.size().0 - 2 * MARGIN as u32;
    let (title, subtitle) = (bold(32), text(21, QUIET));
    write(root, &fit(&sheet.title, &title, room), (MARGIN, 16), &title)?;
    write(root, &fit(&sheet.subtitle, &subtitle, room), (MARGIN, 54), &subtitle)?;
    let side = grid.side as u32;
    let fits = |size: &u32| sheet.columns.iter().all(|name| width(name, &bold(*size)) <= side);
    let size = [23, 20, 17].into_iter().find(fits).unwrap_or(17);
    let style = bold(size).pos(Pos::new(HPos::Center, VPos::Top));
    for (column, name) in (0..).zip(&sheet.columns) {
        let (x, y) = grid.at(0, column);
        write(root, &fit(name, &style, side), (x + grid.side / 2, y - 30), &style)?;
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
