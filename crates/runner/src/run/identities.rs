//! Cells of a plan, known by their digests.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use experiment::plan::Cell;
use records::{CellRecord, ResultsFolder, StoredCell};

/// Cells of a plan by all digests that their records may carry.
pub(super) struct Identities<'c> {
    /// With the text that a record of format 0 was judged with.
    cells: HashMap<String, (&'c Cell, Option<String>)>,
}

impl<'c> Identities<'c> {
    pub(super) fn new(results: &ResultsFolder, all: &'c [Cell], stored: &[StoredCell]) -> Self {
        let mut cells = HashMap::new();
        let mut class_names: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for record in stored.iter().filter_map(|one| one.record.as_ref().ok()) {
            if record.judged_text.is_none() {
                class_names.entry(&record.prompt).or_default().insert(&record.class_name);
            }
        }
        // The template is in the plan alone, which is that of the last run.
        let template = results.plan().ok().map(|plan| plan.template);
        for cell in all {
            cells.insert(cell.digest.clone(), (cell, None));
            // A prompt's image was once named by its path.
            let of_prompt = class_names.iter().filter(|(prompt, _)| match &cell.prompt.image {
                Some(_) => prompt.starts_with(&cell.prompt.text),
                None => **prompt == cell.prompt.name(),
            });
            let mut judged: BTreeSet<String> = BTreeSet::new();
            for class_name in of_prompt.flat_map(|(_, names)| names) {
                let templates = [Some(&cell.template), template.as_ref()].into_iter().flatten();
                judged.extend(templates.map(|template| template.replace("{}", class_name)));
            }
            for text in judged {
                cells.insert(cell.former_digest(&text), (cell, Some(text)));
            }
        }
        Self { cells }
    }

    /// The cell whose record this is, and the record as this version would have written it.
    pub(super) fn of(&self, record: &CellRecord) -> Option<(&'c Cell, CellRecord)> {
        let (cell, judged_text) = self.cells.get(&record.digest)?;
        let mut record = record.clone();
        if let Some(text) = judged_text {
            record.former_digest = Some(std::mem::replace(&mut record.digest, cell.digest.clone()));
            record.judged_text = Some(text.clone());
        }
        Some((cell, record))
    }
}
