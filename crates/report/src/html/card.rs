//! A cell on the sheet of images, and what its dialog tells of it.

use std::collections::HashMap;
use std::hash::Hash;
use std::path::Path;

use serde::Serialize;

use super::facts::{Fact, duration, fact};
use super::images::{data_address, embed};
use super::judged::{Judged, judged};
use crate::faults::{Faults, guarded};
use crate::figures::cell_curve;
use crate::film::Film;
use crate::study::{Cell, Study};
use crate::summary::state;

/// A cell on the sheet.
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
}

/// What the page's script knows of a cell. Texts that many cells share are in [`Shared`].
#[derive(Serialize)]
pub(super) struct Detail {
    id: String,
    prompt: String,
    optimizer: usize,
    seed: u64,
    /// Further axes.
    axes: String,
    /// One word.
    status: &'static str,
    /// Side of the image in the results folder, in pixels.
    side: u32,
    facts: Vec<(usize, String)>,
    settings: usize,
    judged: Option<Judged>,
    /// Steps, in [`Shared`], and values of the similarity.
    curve: Option<(usize, Vec<f64>)>,
    /// Steps of its frames, in [`Shared`].
    frames: Option<usize>,
    /// These frames side by side; without it they are files.
    film: Option<String>,
}

/// Texts and steps that many cells share, each once.
#[derive(Default, Serialize)]
pub(super) struct Shared {
    facts: Once<String>,
    settings: Once<Vec<(String, String)>>,
    steps: Once<Vec<u32>>,
}

/// Items without repetition.
#[derive(Serialize)]
#[serde(transparent)]
struct Once<T> {
    items: Vec<T>,
    #[serde(skip)]
    places: HashMap<T, usize>,
}

impl<T> Default for Once<T> {
    fn default() -> Self {
        Self { items: Vec::new(), places: HashMap::new() }
    }
}

impl<T: Clone + Eq + Hash> Once<T> {
    fn place(&mut self, item: T) -> usize {
        *self.places.entry(item).or_insert_with_key(|item| {
            self.items.push(item.clone());
            self.items.len() - 1
        })
    }
}

/// With more cells than this an image under its mask is a file alone.
const CELLS_WITH_MASKS: usize = 72;
/// Points of all cells' curves together, and of one.
const POINTS: usize = 100_000;
const POINTS_OF_ONE: usize = 200;
const LEAST_POINTS: usize = 12;

/// The card of `cell`, on a page with so many `images`.
pub(super) fn card(cell: &Cell, images: usize, faults: &Faults) -> Card {
    let record = &cell.record;
    let whole = format!("cells/{} on the page", record.id);
    let image =
        cell.outcome().and_then(|_| faults.keep(&whole, guarded(|| embed(&cell.final_image, images))));
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
    }
}

/// What there is to tell of `cell` beyond its card.
pub(super) fn detail(
    study: &Study,
    (cell, card): (&Cell, &Card),
    film: Option<&Film>,
    shared: &mut Shared,
    faults: &Faults,
) -> Detail {
    let record = &cell.record;
    let points = (POINTS / study.cells.len().max(1)).clamp(LEAST_POINTS, POINTS_OF_ONE);
    let (steps, values): (Vec<u32>, Vec<f64>) = cell_curve(cell, points)
        .into_iter()
        .map(|(step, value)| (step as u32, (value * 100.0).round() / 100.0))
        .unzip();
    let saved = || cell.frames.iter().map(|(step, _)| *step).collect();
    let frames = film.map_or_else(saved, |film| film.steps.clone());
    Detail {
        id: record.id.clone(),
        prompt: record.prompt.clone(),
        optimizer: cell.optimizer,
        seed: record.seed,
        axes: study.rows[cell.row].axes.clone(),
        status: match record.status {
            records::CellStatus::Finished(_) => "finished",
            records::CellStatus::Diverged { .. } => "diverged",
            records::CellStatus::Failed { .. } => "failed",
            records::CellStatus::Unfinished => "unfinished",
        },
        side: card.side,
        facts: cell_facts(cell).into_iter().map(|fact| (shared.facts.place(fact.name), fact.value)).collect(),
        settings: shared.settings.place(cell.settings().into_iter().collect()),
        judged: judged(cell, study.cells.len() <= CELLS_WITH_MASKS, faults, |name| shared.facts.place(name)),
        curve: (!steps.is_empty()).then(|| (shared.steps.place(steps), values)),
        frames: (1 < frames.len()).then(|| shared.steps.place(frames)),
        film: film.map(|film| data_address("image/jpeg", &film.jpeg)),
    }
}

/// The command that runs a cell again with the same models, from where the experiment was run:
/// what stands before and after the cell. A folder elsewhere is called `RESULTS`, which the page
/// replaces by its own: where it is, is nobody else's business.
pub(super) fn command(study: &Study) -> (String, String) {
    let folder = if study.folder.is_absolute() { Path::new("RESULTS") } else { &study.folder };
    let quoted = |words: &str| format!("'{}'", words.replace('\'', "'\\''"));
    let experiment = quoted(&folder.join("experiment.toml").display().to_string());
    let models = quoted(&format!("models=[\"{}\"]", study.model_set));
    // A GPU that is there now need not have been there then, and rounds otherwise.
    let on_cpu = study.environment.as_ref().is_some_and(|environment| environment.devices == ["cpu"]);
    let devices = if on_cpu { " --devices cpu" } else { "" };
    (format!("cargo run -p runner -- {experiment} --only "), format!(" --set {models}{devices} --out again"))
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
