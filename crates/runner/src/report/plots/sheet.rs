//! Sheets of images with labels.

use std::path::{Path, PathBuf};

use image::imageops::{self, FilterType};
use image::{ImageReader, RgbImage};
use plotters::prelude::{IntoDrawingArea as _, Rectangle, SVGBackend, Text};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{Color as _, RGBColor, TextStyle, WHITE};
use resvg::tiny_skia::Pixmap;

use super::raster::Rasterizer;
use super::text::{INK, QUIET, bold, fit, lines, text, width};
use super::{Area, DrawError, Figure, encode};

/// Images in rows and columns.
pub(super) struct Sheet {
    pub(super) name: &'static str,
    pub(super) title: String,
    pub(super) subtitle: String,
    pub(super) columns: Vec<String>,
    pub(super) rows: Vec<Row>,
    /// The side of every image on the sheet, in pixels.
    pub(super) side: i32,
}

/// A row with its label.
pub(super) struct Row {
    pub(super) heading: String,
    pub(super) notes: Vec<String>,
    pub(super) places: Vec<Place>,
}

/// What is in one place of a row.
pub(super) enum Place {
    Image { path: PathBuf, below: String },
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

/// Where things are on a sheet, in pixels.
struct Grid {
    side: i32,
    columns: i32,
    rows: i32,
    below: i32,
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
    let words_below = |place: &Place| matches!(place, Place::Image { below, .. } if !below.is_empty());
    let below = if rows.iter().flat_map(|row| &row.places).any(words_below) { BELOW } else { 0 };
    let grid = Grid { side: sheet.side, columns: sheet.columns.len() as i32, rows: rows.len() as i32, below };
    let mut pixels = rasterizer.draw(&words(sheet, rows, &grid)?, 1.0)?;
    for (row, Row { places, .. }) in (0..).zip(rows) {
        for (column, place) in (0..).zip(places) {
            if let Place::Image { path, .. } = place {
                paste(&mut pixels, &read(path)?, grid.at(row, column), grid.side);
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
        root.present()?;
    }
    Ok(svg)
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
        Place::Image { below, .. } => {
            write(root, below, (x + side / 2, y + side + 5), &text(22, INK).pos(centre))
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

/// The image at `path`.
pub(in crate::report) fn read(path: &Path) -> Result<RgbImage, DrawError> {
    let failed = |source| DrawError::Image { path: path.to_owned(), source };
    let reader = ImageReader::open(path).map_err(|source| failed(image::ImageError::IoError(source)))?;
    Ok(reader.decode().map_err(failed)?.into_rgb8())
}

/// Width and height of the image at `path`, in pixels.
pub(in crate::report) fn size(path: &Path) -> Result<(u32, u32), DrawError> {
    image::image_dimensions(path).map_err(|source| DrawError::Image { path: path.to_owned(), source })
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

impl Grid {
    /// The upper left corner of an image.
    fn at(&self, row: i32, column: i32) -> (i32, i32) {
        (MARGIN + LABELS + column * (self.side + GAP), HEADER + row * (self.side + self.below + GAP))
    }

    fn size(&self) -> (u32, u32) {
        let (right, bottom) = self.at(self.rows, self.columns);
        ((right - GAP + MARGIN) as u32, (bottom - GAP + MARGIN) as u32)
    }
}
