//! The final images of all cells as a labelled sheet: rows are prompts (with seeds and axes), columns optimizers.

use std::collections::BTreeSet;
use std::path::Path;

use image::imageops::{self, FilterType};
use image::{ImageReader, RgbImage};
use plotters::prelude::{IntoDrawingArea as _, Rectangle, SVGBackend, Text};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{Color as _, RGBColor, TextStyle, WHITE};
use resvg::tiny_skia::Pixmap;

use super::raster::Rasterizer;
use super::text::{INK, QUIET, bold, fit, lines, text, width};
use super::{Area, DrawError, Figure, encode};
use crate::records::CellStatus;
use crate::report::study::{Cell, Study};

/// Rows of images on one sheet; what is more goes on further ones.
const ROWS_PER_SHEET: usize = 24;

const MARGIN: i32 = 24;
const HEADER: i32 = 116;
const LABELS: i32 = 230;
const GAP: i32 = 14;
/// Room for the similarity below an image.
const SCORE: i32 = 34;

/// A row of images.
struct Row {
    row: usize,
    seed: u64,
}

/// Where things are on a sheet, in pixels.
struct Grid {
    side: i32,
    columns: i32,
    rows: i32,
}

/// The sheets: `images`, then `images-2` and so on.
pub(super) fn draw(study: &Study, rasterizer: &Rasterizer) -> Result<Vec<Figure>, DrawError> {
    let rows = rows(study);
    let side = side(study)?;
    rows.chunks(ROWS_PER_SHEET)
        .enumerate()
        .map(|(page, rows)| {
            let name = if page == 0 { "images".to_owned() } else { format!("images-{}", page + 1) };
            let pixels = sheet(study, rows, side, rasterizer)?;
            let size = (pixels.width(), pixels.height());
            Ok(Figure { name, title: "Images".to_owned(), size, svg: None, png: encode(&pixels)? })
        })
        .collect()
}

fn rows(study: &Study) -> Vec<Row> {
    let seeds = |row: usize| -> BTreeSet<u64> {
        study.cells.iter().filter(|cell| cell.row == row).map(|cell| cell.record.seed).collect()
    };
    (0..study.rows.len()).flat_map(|row| seeds(row).into_iter().map(move |seed| Row { row, seed })).collect()
}

/// The side of an image on the sheet: large enough to be seen; small images grow by whole factors.
fn side(study: &Study) -> Result<i32, DrawError> {
    let Some(cell) = study.cells.iter().find(|cell| cell.outcome().is_some()) else { return Ok(160) };
    Ok(match read(&cell.final_image)?.width() {
        side @ 0..160 => (side * 160_u32.div_ceil(side.max(1))) as i32,
        side => side.min(320) as i32,
    })
}

fn sheet(study: &Study, rows: &[Row], side: i32, rasterizer: &Rasterizer) -> Result<Pixmap, DrawError> {
    let grid = Grid { side, columns: study.optimizers.len() as i32, rows: rows.len() as i32 };
    let mut pixels = rasterizer.draw(&words(study, rows, &grid)?, 1.0)?;
    for (place, row) in (0..).zip(rows) {
        for (column, optimizer) in (0..).zip(0..study.optimizers.len()) {
            if let Some(cell) = cell(study, row, optimizer).filter(|cell| cell.outcome().is_some()) {
                paste(&mut pixels, &read(&cell.final_image)?, grid.at(place, column), grid.side);
            }
        }
    }
    Ok(pixels)
}

fn cell<'a>(study: &'a Study, row: &Row, optimizer: usize) -> Option<&'a Cell> {
    let seed = row.seed;
    study.at(row.row, optimizer).find(|cell| cell.record.seed == seed)
}

/// Everything but the images.
fn words(study: &Study, rows: &[Row], grid: &Grid) -> Result<String, DrawError> {
    let mut svg = String::new();
    {
        let root = SVGBackend::with_string(&mut svg, grid.size()).into_drawing_area();
        root.fill(&WHITE)?;
        header(&root, study, grid)?;
        for (place, row) in (0..).zip(rows) {
            label(&root, study, row, grid.at(place, 0))?;
            for (column, optimizer) in (0..).zip(0..study.optimizers.len()) {
                under(&root, cell(study, row, optimizer), grid.at(place, column), grid.side)?;
            }
        }
        root.present()?;
    }
    Ok(svg)
}

fn header(root: &Area, study: &Study, grid: &Grid) -> Result<(), DrawError> {
    let room = grid.size().0 - 2 * MARGIN as u32;
    let title = bold(32);
    write(root, &fit(&format!("Images of {}", study.experiment), &title, room), (MARGIN, 16), &title)?;
    let subtitle = text(21, QUIET);
    let words =
        format!("model set {} · below each image: 100 × its cosine with the class name", study.model_set);
    write(root, &fit(&words, &subtitle, room), (MARGIN, 54), &subtitle)?;
    let side = grid.side as u32;
    let fits = |size: &u32| study.optimizers.iter().all(|name| width(name, &bold(*size)) <= side);
    let size = [23, 20, 17].into_iter().find(fits).unwrap_or(17);
    let style = bold(size).pos(Pos::new(HPos::Center, VPos::Top));
    for (column, name) in (0..).zip(&study.optimizers) {
        let (x, y) = grid.at(0, column);
        write(root, &fit(name, &style, side), (x + grid.side / 2, y - 30), &style)?;
    }
    Ok(())
}

/// The row's name, to the left of its first image.
fn label(root: &Area, study: &Study, row: &Row, (_, top): (i32, i32)) -> Result<(), DrawError> {
    let room = (LABELS - GAP) as u32;
    let study_row = &study.rows[row.row];
    let prompt = &study.prompts[study_row.prompt];
    let mut y = top + 2;
    for line in lines(&prompt.text, &bold(23), room, 4) {
        write(root, &line, (MARGIN, y), &bold(23))?;
        y += 27;
    }
    let quiet = text(20, QUIET);
    let class_name = (prompt.class_name != prompt.text).then(|| format!("as {}", prompt.class_name));
    let axes = Some(&study_row.axes).filter(|axes| !axes.is_empty()).cloned();
    let seed = study.has_seeds().then(|| format!("seed {}", row.seed));
    for note in class_name.into_iter().chain(axes).chain(seed) {
        write(root, &fit(&note, &quiet, room), (MARGIN, y), &quiet)?;
        y += 25;
    }
    Ok(())
}

/// The similarity below an image, or in its place why there is none.
fn under(root: &Area, cell: Option<&Cell>, (x, y): (i32, i32), side: i32) -> Result<(), DrawError> {
    let centre = Pos::new(HPos::Center, VPos::Top);
    if let Some(similarity) = cell.and_then(Cell::similarity) {
        return write(
            root,
            &format!("{similarity:.2}"),
            (x + side / 2, y + side + 5),
            &text(22, INK).pos(centre),
        );
    }
    root.draw(&Rectangle::new([(x, y), (x + side, y + side)], RGBColor(238, 238, 238).filled()))?;
    let style = text(20, QUIET).pos(centre);
    let words = match cell.map(|cell| &cell.record.status) {
        Some(CellStatus::Diverged { at_step, .. }) => format!("diverged at {at_step}"),
        Some(CellStatus::Failed { .. }) => "failed".to_owned(),
        Some(CellStatus::Unfinished | CellStatus::Finished(_)) => "unfinished".to_owned(),
        None => "not begun".to_owned(),
    };
    write(root, &fit(&words, &style, side as u32), (x + side / 2, y + side / 2 - 10), &style)
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
        (MARGIN + LABELS + column * (self.side + GAP), HEADER + row * (self.side + SCORE + GAP))
    }

    fn size(&self) -> (u32, u32) {
        let (right, bottom) = self.at(self.rows, self.columns);
        ((right - GAP + MARGIN) as u32, (bottom - GAP + MARGIN) as u32)
    }
}
