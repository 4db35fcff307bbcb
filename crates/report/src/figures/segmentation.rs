//! The final images under the segmenter's masks: the report's figure 11 for every cell.

use super::sheet::{Place, Row, Sheet, side_of};
use crate::overlay;
use crate::study::{Cell, Study};

/// The largest side of an image on the sheet, in pixels.
const LARGEST: u32 = 320;

/// The figure's name.
pub(super) const NAME: &str = "segmentation";

/// The sheet; nothing if no image was segmented.
pub(super) fn sheet(study: &Study) -> Option<Sheet> {
    let mut all = study.cells.iter().filter(|cell| segmented(cell)).peekable();
    all.peek()?;
    let legend = overlay::classes(study).into_iter().map(|(index, class)| (records::voc_color(index), class));
    Some(Sheet {
        name: NAME,
        title: format!("What the segmenter sees in {}", study.experiment),
        subtitle: format!(
            "model set {} · below each image: its largest class, ✓ if it is the prompt's",
            study.model_set
        ),
        columns: study.optimizers.clone(),
        rows: study.runs().into_iter().map(|run| row(study, run)).collect(),
        side: side_of(all.map(|cell| &cell.final_image), LARGEST),
        legend: legend.collect(),
    })
}

fn segmented(cell: &Cell) -> bool {
    cell.evaluation.as_ref().is_some_and(|evaluation| evaluation.segments.is_some())
}

fn row(study: &Study, run: (usize, u64)) -> Row {
    let places = (0..study.optimizers.len()).map(|optimizer| place(study.cell(run, optimizer)));
    Row {
        heading: study.prompts[study.rows[run.0].prompt].text.clone(),
        notes: study.notes(run.0, run.1),
        places: places.collect(),
    }
}

fn place(cell: Option<&Cell>) -> Place {
    let segments = cell.and_then(|cell| Some((cell, cell.evaluation.as_ref()?.segments.as_ref()?)));
    let Some((cell, segments)) = segments else { return Place::Empty("not segmented".to_owned()) };
    let below = match segments.largest() {
        Some(largest) => {
            let mark = if segments.is_right() == Some(true) { " ✓" } else { "" };
            format!("{} {:.0} %{mark}", largest.class, 100.0 * largest.share)
        }
        None => "background".to_owned(),
    };
    Place::Masked { image: cell.final_image.clone(), mask: cell.mask.clone(), below }
}
