//! A cell on the sheet of images and in the dialog.

use std::path::{Path, PathBuf};

use serde::Serialize;

use super::facts::{Fact, duration, fact};
use super::images::{data_address, embed, thumbnail};
use super::judged::{Judged, judged};
use crate::faults::{Faults, guarded};
use crate::figures::cell_curve;
use crate::study::{Cell, Study};
use crate::summary::state;

/// A cell on the sheet and in the dialog.
#[derive(Serialize)]
pub(super) struct Card {
    /// Path below `cells/`, by which the page is told to open it.
    cell: String,
    optimizer: String,
    title: String,
    /// Why there is no image, if there is none.
    status: String,
    similarity: String,
    image: Option<String>,
    side: u32,
    curve: Option<String>,
    /// Images from the way to the last one.
    frames: Vec<Frame>,
    /// Animation of the image.
    animation: Option<String>,
    facts: Vec<Fact>,
    judged: Option<Judged>,
    settings: Vec<Fact>,
    command: String,
    /// True if only the page itself knows where its folder is.
    elsewhere: bool,
}

#[derive(Serialize)]
struct Frame {
    step: u32,
    source: String,
}

/// With more cells than this the dialog has neither curves nor frames: the page would be too large.
pub(crate) const CELLS_WITH_DETAILS: usize = 72;
/// Frames of a cell in the dialog.
const FRAMES: usize = 6;

/// The card of `cell`, on a page with so many `images`.
pub(super) fn card(
    study: &Study,
    cell: &Cell,
    images: usize,
    animation: Option<&Vec<u8>>,
    faults: &Faults,
) -> Card {
    let record = &cell.record;
    let whole = format!("cells/{} on the page", record.id);
    let image =
        cell.outcome().and_then(|_| faults.keep(&whole, guarded(|| embed(&cell.final_image, images))));
    let detailed = study.cells.len() <= CELLS_WITH_DETAILS;
    let curve =
        if detailed { faults.keep(&whole, guarded(|| cell_curve(study, cell))).flatten() } else { None };
    let frames = if detailed { frames(cell, faults) } else { Vec::new() };
    let animation = animation.filter(|_| detailed);
    let status = match (cell.outcome(), &image) {
        (Some(_), None) => "image unreadable".to_owned(),
        _ => state(&record.status),
    };
    Card {
        cell: record.id.clone(),
        optimizer: record.optimizer.clone(),
        title: format!("{}, {}, seed {}", record.prompt, record.optimizer, record.seed),
        status,
        similarity: cell.similarity().map(|similarity| format!("{similarity:.2}")).unwrap_or_default(),
        side: image.as_ref().map_or(0, |image| image.side),
        image: image.map(|image| image.source),
        curve: curve.map(|svg| data_address("image/svg+xml", svg.as_bytes())),
        frames,
        animation: animation.map(|gif| data_address("image/gif", gif)),
        facts: cell_facts(cell),
        judged: judged(cell, detailed, faults),
        settings: cell.settings().into_iter().map(|(name, value)| Fact { name, value }).collect(),
        command: command(study, cell),
        elsewhere: study.folder.is_absolute(),
    }
}

/// Command that runs the cell again with the same models, from where the experiment was run. A
/// folder elsewhere is called `RESULTS`, which the page replaces by its own: where it is, is
/// nobody else's business.
fn command(study: &Study, cell: &Cell) -> String {
    let folder = if study.folder.is_absolute() { Path::new("RESULTS") } else { &study.folder };
    let quoted = |words: &str| format!("'{}'", words.replace('\'', "'\\''"));
    let experiment = quoted(&folder.join("experiment.toml").display().to_string());
    let models = quoted(&format!("models=[\"{}\"]", study.model_set));
    // A GPU that is there now need not have been there then, and rounds otherwise.
    let on_cpu = study.environment.as_ref().is_some_and(|environment| environment.devices == ["cpu"]);
    let devices = if on_cpu { " --devices cpu" } else { "" };
    let only = quoted(&cell.record.id);
    format!("cargo run -p runner -- {experiment} --only {only} --set {models}{devices} --out again")
}

fn frames(cell: &Cell, faults: &Faults) -> Vec<Frame> {
    let source = |path: &PathBuf| faults.keep("report.html", guarded(|| thumbnail(path)));
    let frame = |(step, path): &(u32, PathBuf)| Some(Frame { step: *step, source: source(path)? });
    cell.some_frames(FRAMES).filter_map(frame).collect()
}

fn cell_facts(cell: &Cell) -> Vec<Fact> {
    let mut facts = vec![fact("Status", &state(&cell.record.status))];
    if let Some(outcome) = cell.outcome() {
        facts.extend([
            fact(
                "Similarity × 100, averaged latents (this image)",
                &format!("{:.2}", 100.0 * outcome.similarity_averaged),
            ),
            fact("Similarity × 100, live latents", &format!("{:.2}", 100.0 * outcome.similarity_live)),
        ]);
        let cutouts = [
            ("on random cutouts, averaged latents", outcome.cutouts_averaged),
            ("on random cutouts, live latents", outcome.cutouts_live),
        ];
        for (name, similarity) in cutouts {
            facts.extend(similarity.map(|similarity| fact(name, &format!("{:.2}", 100.0 * similarity))));
        }
        facts.push(fact("Last loss", &signed(outcome.final_loss.total)));
        let terms = outcome.final_loss.iter().skip(1);
        facts.extend(terms.map(|(name, value)| fact(&format!("of it {name}"), &signed(value))));
        facts.push(fact("Steps", &outcome.steps.to_string()));
    }
    facts.extend(cell.seconds().map(|seconds| fact("Computing time", &duration(seconds))));
    facts
}

fn signed(value: f32) -> String {
    format!("{value:.3}").replace('-', "−")
}
