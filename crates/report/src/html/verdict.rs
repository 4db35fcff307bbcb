//! The answer, first of all: what was compared, which may be the best, how sure that is, what the
//! judge says, and what an image looks like.

use image::DynamicImage;
use serde::Serialize;

use super::forest::Forest;
use super::images::shrunk;
use crate::analysis::{Ruler, Verdict, judge_says, sentences};
use crate::draw::read_image;
use crate::faults::{Faults, guarded};
use crate::study::{Cell, Study};

/// Names that are listed one by one.
const LISTED: usize = 8;
/// Images that are shown, their side in pixels, and the size of each in bytes.
const IMAGES: usize = 8;
const SIDE: u32 = 160;
const ROOM: usize = 14_000;
/// Sentences that are read before the others unfold.
const FIRST: usize = 3;

/// The card on the first screen.
#[derive(Serialize)]
pub(super) struct Answer {
    compared: String,
    /// The answer, and what is said about it.
    answer: String,
    first: Vec<String>,
    more: Vec<String>,
    judge: Option<Judge>,
    pub(super) forest: Option<Forest>,
    images: Option<Images>,
}

/// The held-out judge's word.
#[derive(Serialize)]
struct Judge {
    agrees: bool,
    says: String,
    order: Vec<String>,
    more: usize,
}

/// The images of one prompt.
#[derive(Serialize)]
struct Images {
    prompt: String,
    note: String,
    of: Vec<Image>,
}

#[derive(Serialize)]
struct Image {
    cell: String,
    optimizer: String,
    similarity: String,
    source: String,
    pixels: bool,
}

impl Answer {
    /// Nothing where there is nothing to compare.
    pub(super) fn of(study: &Study, verdict: &Verdict, faults: &Faults) -> Option<Self> {
        let word = judge_says(verdict);
        let mut said = sentences(study, verdict).into_iter().filter(|line| Some(line) != word.as_ref());
        let answer = said.next()?;
        Some(Self {
            compared: compared(study),
            answer,
            first: said.by_ref().take(FIRST).collect(),
            more: said.collect(),
            judge: word.and_then(|says| judge(says, verdict)),
            forest: Forest::of(verdict),
            images: images(study, verdict, faults),
        })
    }
}

fn judge(says: String, verdict: &Verdict) -> Option<Judge> {
    let order = &verdict.by(Ruler::JUDGE)?.order;
    Some(Judge {
        agrees: order.first() == verdict.places.first().map(|place| &place.name),
        says,
        order: order.iter().take(LISTED).cloned().collect(),
        more: order.len().saturating_sub(LISTED),
    })
}

fn compared(study: &Study) -> String {
    let prompts: Vec<&str> = study.prompts.iter().map(|prompt| prompt.text.as_str()).collect();
    let optimizers: Vec<&str> = study.optimizers.iter().map(String::as_str).collect();
    let seeds = records::counted(study.seeds, "seed");
    let further = if study.has_axes() { ", under further settings" } else { "" };
    let steps = study.cells.iter().filter_map(Cell::outcome).map(|outcome| outcome.steps).max();
    let steps = steps.map(|steps| format!(", {steps} steps")).unwrap_or_default();
    format!(
        "{} ({}) on {} ({}), {seeds}{further}{steps}.",
        records::counted(optimizers.len(), "optimizer"),
        listed(&optimizers),
        records::counted(prompts.len(), "prompt"),
        listed(&prompts),
    )
}

/// The first of `names`, each cut where it is long, and the number of others.
fn listed(names: &[&str]) -> String {
    const LONGEST: usize = 40;
    let cut = |name: &&str| match name.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &name[..end]),
        None => (*name).to_owned(),
    };
    let listed = if LISTED < names.len() { LISTED / 2 } else { LISTED };
    let shown = names.iter().take(listed).map(cut).collect::<Vec<_>>().join(", ");
    let more = names.len().saturating_sub(listed);
    if more == 0 { shown } else { format!("{shown}, and {more} more") }
}

/// The first run of which the most optimizers have an image, in the order of the ranking.
fn images(study: &Study, verdict: &Verdict, faults: &Faults) -> Option<Images> {
    let order: Vec<usize> =
        verdict.places.iter().map(|place| verdict.scores.optimizers[place.column]).take(IMAGES).collect();
    let finished = |run: (usize, u64)| -> Vec<&Cell> {
        let cells = order.iter().filter_map(|&optimizer| study.cell(run, optimizer));
        cells.filter(|cell| cell.outcome().is_some()).collect()
    };
    // `max_by_key` would take the last of equals.
    let run = study.runs().into_iter().rev().max_by_key(|&run| finished(run).len())?;
    let image = |cell: &Cell| {
        let (source, pixels) = faults.keep(
            "report.html",
            guarded(|| {
                let image = DynamicImage::from(read_image(&cell.final_image)?);
                Ok((shrunk(&image, SIDE, ROOM)?, image.width() < SIDE))
            }),
        )?;
        Some(Image {
            cell: cell.record.id.clone(),
            optimizer: cell.record.optimizer.clone(),
            similarity: cell.similarity().map(|similarity| format!("{similarity:.2}")).unwrap_or_default(),
            source,
            pixels,
        })
    };
    let of: Vec<Image> = finished(run).into_iter().filter_map(image).collect();
    let prompt = study.prompts[study.rows[run.0].prompt].text.clone();
    (!of.is_empty()).then(|| Images { prompt, note: study.notes(run.0, run.1).join(", "), of })
}
