//! Figures: drawn once as SVG, then as PNG from that SVG.

mod answers;
mod curves;
mod cut;
mod images;
mod judge;
mod loss_vs_similarity;
pub(crate) mod overlay;
mod plain;
mod scatter;
mod segmentation;
mod sheet;
mod strips;

use std::path::Path;

use rayon::prelude::*;
use records::RecordError;

pub(super) use self::curves::{cell_curve, cell_curve_axis};
pub(super) use self::cut::line_styles;
pub(super) use self::judge::NAME as JUDGE;

use self::sheet::Sheet;
use super::analysis::Verdict;
use super::draw::DrawError;
use super::draw::figure::{Layout, figure};
use super::draw::plot::Plot;
use super::draw::raster::Rasterizer;
use super::faults::{Faults, guarded};
use super::study::Study;

/// A figure that has been written.
pub(super) struct Figure {
    /// Its name, without an ending.
    pub(super) name: String,
    pub(super) title: String,
    /// The name of the figure that it is a page of; of those of a prompt each, of their quantity.
    pub(super) group: String,
    /// Its prompt, if it is one of many alike.
    pub(super) prompt: Option<String>,
    /// Its numbers; images have none.
    pub(super) plot: Option<Plot>,
}

/// All figures, and what there is to say about them.
pub(super) struct Figures {
    pub(super) figures: Vec<Figure>,
    /// Letters of the prompts that no font on this machine has.
    pub(super) missing_letters: String,
}

/// A page of a figure, before it is turned into pixels.
struct Drawing {
    name: String,
    title: String,
    svg: String,
    plot: Plot,
}

/// A figure that is to be drawn, on as many pages as it takes.
struct Job<'s> {
    name: String,
    draw: Box<dyn Fn() -> Result<Vec<Drawing>, DrawError> + Send + Sync + 's>,
    group: String,
    prompt: Option<String>,
}

/// Takes a finished file of the report: its path within the results folder.
pub(super) type Write<'w> = &'w (dyn Fn(&Path, &[u8]) -> Result<(), RecordError> + Sync);

/// Pixels of the PNG to a unit of the SVG: 960 units make 2,400 pixels, 20 cm in print at 300 dpi.
const PNG_SCALE: f32 = 2.5;
/// No figure is wider or higher than this, in pixels.
const LARGEST_SIDE: i32 = 5_200;
/// Figures that are drawn at the same time, so that their pixels fit into memory.
const AT_ONCE: usize = 3;

/// Draws all figures of `study` and hands them to `write` one by one; those that fail are among
/// `faults`.
///
/// # Errors
/// Those of `write`.
pub(super) fn draw(
    study: &Study,
    verdict: &Verdict,
    faults: &Faults,
    write: Write,
) -> Result<Figures, RecordError> {
    let rasterizer = Rasterizer::new();
    let mut jobs = answers::jobs(study, verdict);
    jobs.extend(curves::jobs(study));
    jobs.extend(loss_vs_similarity::jobs(study));
    jobs.push(judge::job(study));
    let mut figures = Vec::new();
    for some in jobs.chunks(AT_ONCE) {
        let drawn: Vec<_> = some.par_iter().map(|job| job.make(&rasterizer, faults, write)).collect();
        for of_job in drawn {
            figures.extend(of_job?);
        }
    }
    for (name, sheet) in [
        (images::NAME, images::sheet as fn(&Study) -> Option<Sheet>),
        (segmentation::NAME, segmentation::sheet),
        (strips::NAME, strips::sheet),
    ] {
        let Some(Some(sheet)) = faults.keep(&path(name), guarded(|| Ok(sheet(study)))) else { continue };
        figures.extend(sheet.make(&rasterizer, faults, write)?);
    }
    Ok(Figures { figures, missing_letters: rasterizer.missing() })
}

impl Drawing {
    fn of(name: String, layout: &Layout) -> Result<Self, DrawError> {
        let svg = figure(layout)?;
        Ok(Self { name, title: layout.title.to_owned(), svg, plot: Plot::of(layout) })
    }
}

impl<'s> Job<'s> {
    fn new(name: &str, draw: impl Fn() -> Result<Vec<Drawing>, DrawError> + Send + Sync + 's) -> Self {
        Self { name: name.to_owned(), draw: Box::new(draw), group: name.to_owned(), prompt: None }
    }

    /// One of many figures alike, of a prompt each.
    fn of_prompt(self, quantity: &str, prompt: &str) -> Self {
        Self { group: quantity.to_owned(), prompt: Some(prompt.to_owned()), ..self }
    }

    fn make(
        &self,
        rasterizer: &Rasterizer,
        faults: &Faults,
        write: Write,
    ) -> Result<Vec<Figure>, RecordError> {
        let drawings = faults.keep(&path(&self.name), guarded(&self.draw)).unwrap_or_default();
        let mut figures = Vec::new();
        for Drawing { name, title, svg, plot } in drawings {
            write(&Path::new("plots").join(format!("{name}.svg")), svg.as_bytes())?;
            let png = guarded(|| encode(&rasterizer.draw(&svg, PNG_SCALE)?));
            if let Some(png) = faults.keep(&path(&name), png) {
                write(&Path::new("plots").join(format!("{name}.png")), &png)?;
            }
            let (group, prompt) = (self.group.clone(), self.prompt.clone());
            figures.push(Figure { name, title, group, prompt, plot: Some(plot) });
        }
        Ok(figures)
    }
}

/// The name of a page, counted from 0, of the figure `name`.
fn page_name(name: &str, page: usize) -> String {
    if page == 0 { name.to_owned() } else { format!("{name}-{}", page + 1) }
}

/// The name of a figure in messages.
fn path(name: &str) -> String {
    format!("plots/{name}")
}

fn encode(pixels: &resvg::tiny_skia::Pixmap) -> Result<Vec<u8>, DrawError> {
    pixels.encode_png().map_err(|error| DrawError::Encode { source: Box::new(error) })
}

#[cfg(test)]
mod tests;
