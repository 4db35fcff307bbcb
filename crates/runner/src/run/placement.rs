//! Records found by what they are, not by where they lie.

use std::collections::{BTreeMap, HashMap, HashSet};

use experiment::plan::Cell;
use records::{CellRecord, CellStatus, RecordError, ResultsFolder, StoredCell};

use super::identities::Identities;
use super::step::{SettleError, Step};

/// Where a record goes that lies in the place of another, until its own is free: no cell has such a
/// path.
const ASIDE: &str = ".unused";

/// Where the records of a plan's cells lie in a results folder, and where they are to lie.
///
/// A grid that grows, shrinks or is spelled otherwise gives cells other paths and labels, and the
/// same digests.
pub(super) struct Placement<'c> {
    results: &'c ResultsFolder,
    /// By the path that the cell is to have.
    found: HashMap<&'c str, Found<'c>>,
    /// Cells whose places are taken by others that no cell of the plan is equal to.
    changed: Vec<(&'c Cell, CellRecord)>,
    /// Places to be freed.
    aside: Vec<Occupant>,
    unused: Vec<String>,
}

/// The record of a cell.
struct Found<'c> {
    cell: &'c Cell,
    place: String,
    /// As it is on the disk.
    written: CellRecord,
    /// As this version of the program would have written it then.
    record: CellRecord,
}

/// A record in the place of another.
struct Occupant {
    place: String,
    /// Where it waits until its own place is free, or for a plan that has it.
    to: String,
}

impl<'c> Placement<'c> {
    /// Looks through all of `results` for the records of `movable`, which are cells of the plan
    /// `all`.
    pub(super) fn survey(
        results: &'c ResultsFolder,
        all: &'c [Cell],
        movable: &[&'c Cell],
    ) -> Result<Self, RecordError> {
        let stored = results.stored_cells()?;
        let identities = Identities::new(results, all, &stored);
        let at: HashMap<&str, &StoredCell> = stored.iter().map(|one| (one.place.as_str(), one)).collect();
        let mut copies: HashMap<&str, Vec<Found<'c>>> = HashMap::new();
        for one in &stored {
            let Ok(written) = &one.record else { continue };
            let Some((cell, record)) = identities.of(written) else { continue };
            let found = Found { cell, place: one.place.clone(), written: written.clone(), record };
            copies.entry(&cell.id).or_default().push(found);
        }
        let mut placement = Self {
            results,
            found: HashMap::new(),
            changed: Vec::new(),
            aside: Vec::new(),
            unused: Vec::new(),
        };
        for &cell in movable {
            let occupant = at.get(cell.id.as_str()).map(|one| &one.record);
            if matches!(occupant, Some(Err(_))) {
                continue; // it is read, and refused or mended, where it is
            }
            let best = copies.remove(cell.id.as_str()).and_then(best);
            let is_at_place = best.as_ref().is_some_and(|found| found.place == cell.id);
            if let (Some(Ok(occupant)), false) = (occupant, is_at_place) {
                let owner = identities.of(occupant).map(|(owner, _)| owner);
                // A record that its own cell has, too, came here by mistake: what lies beside it is
                // this cell's.
                let is_copy = owner.is_some_and(|owner| has_own(owner, &identities, &at));
                if best.is_some() || owner.is_some() && !is_copy {
                    let (place, to) = (cell.id.clone(), placement.free_place(&occupant.digest));
                    placement.aside.push(Occupant { place, to });
                } else if occupant.id == cell.id {
                    placement.changed.push((cell, occupant.clone()));
                }
            }
            placement.found.extend(best.map(|found| (cell.id.as_str(), found)));
        }
        let planned: HashSet<&str> = all.iter().map(|cell| cell.id.as_str()).collect();
        let moving: HashSet<&str> = placement.found.values().map(|found| found.place.as_str()).collect();
        // What is left of the copies is of cells that are not movable now.
        let waiting: HashSet<&str> = copies.values().flatten().map(|found| found.place.as_str()).collect();
        let used = |place: &str| planned.contains(place) || moving.contains(place) || waiting.contains(place);
        placement.unused =
            stored.iter().map(|one| &one.place).filter(|place| !used(place)).cloned().collect();
        let waits = |place: &str| moving.contains(place) || waiting.contains(place);
        let stay = placement.aside.iter().filter(|one| !waits(&one.place)).map(|one| one.to.clone());
        placement.unused.extend(stay);
        Ok(placement)
    }

    /// Where the record of a cell lies, below `cells/`.
    pub(super) fn place(&self, cell: &Cell) -> Option<&str> {
        self.found.get(cell.id.as_str()).map(|found| found.place.as_str())
    }

    /// Cells in whose places there are records of other settings.
    pub(super) fn changed(&self) -> &[(&'c Cell, CellRecord)] {
        &self.changed
    }

    /// Places of records that no cell of the plan has.
    pub(super) fn unused(&self) -> &[String] {
        &self.unused
    }

    /// Moves every record to where its cell is to have it, and has it say what the cell is called
    /// there. Returns how many were moved.
    pub(super) fn settle(&self) -> Result<usize, SettleError> {
        self.steps()?.iter().try_for_each(|step| step.take(self.results))?;
        Ok(self.found.iter().filter(|(id, found)| found.place != **id).count())
    }

    /// What is to be done, in the order of paths, so that every run does the same. Each step leaves
    /// a folder that a survey understands: after a crash, the next run does the rest.
    fn steps(&self) -> Result<Vec<Step>, SettleError> {
        let (mut steps, mut freed) = (Vec::new(), BTreeMap::new());
        for Occupant { place, to } in &self.aside {
            steps.push(Step::Move { from: place.clone(), to: to.clone() });
            freed.insert(place.as_str(), to);
        }
        for (id, found) in self.found.iter().collect::<BTreeMap<_, _>>() {
            if found.place != *id {
                let from = freed.get(found.place.as_str()).copied().unwrap_or(&found.place).clone();
                steps.push(Step::Move { from, to: (*id).to_owned() });
            }
            let renewed = found.cell.renewed(&found.record)?;
            if renewed != found.written {
                steps.push(Step::Write(Box::new(renewed)));
            }
        }
        Ok(steps)
    }

    fn free_place(&self, digest: &str) -> String {
        let short = digest.get(..16).unwrap_or(digest);
        let mut place = format!("{ASIDE}/{short}");
        let mut copy = 1;
        while self.aside.iter().any(|other| other.to == place) || self.results.cell(&place).path().exists() {
            copy += 1;
            place = format!("{ASIDE}/{short}-{copy}");
        }
        place
    }
}

/// Returns true if a record of the cell lies in its place.
fn has_own(cell: &Cell, identities: &Identities<'_>, at: &HashMap<&str, &StoredCell>) -> bool {
    let record = at.get(cell.id.as_str()).and_then(|one| one.record.as_ref().ok());
    record.and_then(|record| identities.of(record)).is_some_and(|(owner, _)| owner.id == cell.id)
}

/// Of several records of a cell, the one in its place if it has ended or no other has, else one
/// that has ended.
fn best<'c>(copies: Vec<Found<'c>>) -> Option<Found<'c>> {
    let rank = |found: &Found<'c>| {
        let ended = match found.record.status {
            CellStatus::Finished(_) | CellStatus::Diverged { .. } => 0,
            CellStatus::Unfinished => 1,
            CellStatus::Failed { .. } => 2,
        };
        (ended, found.place != found.cell.id)
    };
    copies.into_iter().min_by_key(rank)
}

#[cfg(test)]
mod tests {
    use experiment::Experiment;
    use experiment::plan::Plan;
    use model_sets::Identity;
    use proptest::prelude::*;
    use records::Outcome;
    use tempfile::TempDir;

    use super::*;

    fn plan(settings: &str) -> Vec<Cell> {
        let text = format!("name = \"p\"\nmodels = [\"none\"]\n{settings}");
        let experiment = Experiment::parse("p.toml", &text).unwrap();
        Plan::new(&experiment, &Identity::new("none", [].into())).unwrap().cells
    }

    fn finished() -> CellStatus {
        CellStatus::Finished(Outcome {
            steps: 1,
            seconds: 1.0,
            similarity_averaged: 0.3,
            similarity_live: 0.3,
            cutouts_averaged: None,
            cutouts_live: None,
            final_loss: Default::default(),
            best: None,
            live: Vec::new(),
        })
    }

    /// A folder with the records of `cells` where they are to be, each with a file of its own.
    fn stored(cells: &[Cell]) -> (TempDir, ResultsFolder) {
        let folder = tempfile::tempdir().unwrap();
        let results = ResultsFolder::at(folder.path());
        for cell in cells {
            put(&results, cell, &cell.id);
        }
        (folder, results)
    }

    fn put(results: &ResultsFolder, cell: &Cell, place: &str) {
        let folder = results.cell(place);
        folder.write_record(&cell.record(finished()).unwrap()).unwrap();
        std::fs::write(folder.path().join("file"), &cell.digest).unwrap();
    }

    fn settle(results: &ResultsFolder, cells: &[Cell]) -> (usize, Vec<String>) {
        let movable: Vec<&Cell> = cells.iter().collect();
        let placement = Placement::survey(results, cells, &movable).unwrap();
        assert!(placement.changed().is_empty());
        (placement.settle().unwrap(), placement.unused().to_vec())
    }

    /// Every cell is where it is to be, with the file that it had, and says what it is called
    /// there.
    fn assert_settled(results: &ResultsFolder, cells: &[Cell]) {
        for cell in cells {
            let folder = results.cell(&cell.id);
            assert_eq!(folder.record().unwrap(), Some(cell.record(finished()).unwrap()));
            assert_eq!(std::fs::read_to_string(folder.path().join("file")).unwrap(), cell.digest);
        }
    }

    const TWO: &str = "prompts = [\"a\", \"b\"]\noptimizer.sgd = {}\n";

    #[test]
    fn a_grid_that_grows_takes_its_cells_along() {
        let before = plan(&format!("{TWO}optimizer.adam = {{ lr = 0.05 }}"));
        let after = plan(&format!("{TWO}optimizer.adam = {{ lr = [0.05, 0.1] }}"));
        let (_folder, results) = stored(&before);
        assert_eq!(settle(&results, &after), (2, Vec::new()));
        let there: Vec<Cell> =
            after.iter().filter(|cell| before.iter().any(|old| old.digest == cell.digest)).cloned().collect();
        assert_eq!(there.len(), before.len());
        assert_settled(&results, &there);
        assert_eq!(there[1].id, "a/adam-lr-0.05/seed-0");
        assert_eq!(settle(&results, &after), (0, Vec::new()), "there is nothing left to do");
    }

    /// The place that 0.1 took is wanted by 0.05, which is no part of the grid in between.
    #[test]
    fn a_place_that_another_cell_has_taken_is_freed() {
        let of = |lr: &str| plan(&format!("prompts = [\"a\"]\noptimizer.adam = {{ lr = {lr} }}"));
        let (_folder, results) = stored(&of("[0.05, 0.1]"));
        assert_eq!(settle(&results, &of("0.1")), (1, vec!["a/adam-lr-0.05/seed-0".to_owned()]));
        let (moved, unused) = settle(&results, &of("0.05"));
        assert_eq!((moved, unused.len()), (1, 1));
        assert!(unused[0].starts_with(ASIDE), "{unused:?}");
        assert_eq!(settle(&results, &of("0.05")), (0, unused));
        assert_settled(&results, &of("0.05"));
        assert_eq!(settle(&results, &of("[0.05, 0.1]")).0, 2);
        assert_settled(&results, &of("[0.05, 0.1]"));
    }

    #[test]
    fn other_settings_in_a_place_are_told_and_left() {
        let (_folder, results) = stored(&plan(&format!("{TWO}dream.cutouts = 8")));
        let cells = plan(&format!("{TWO}dream.cutouts = 4"));
        let movable: Vec<&Cell> = cells.iter().collect();
        let placement = Placement::survey(&results, &cells, &movable).unwrap();
        assert_eq!(placement.changed().len(), 2);
        assert_eq!(placement.steps().unwrap(), []);
    }

    #[test]
    fn a_shard_leaves_the_cells_of_others() {
        let before = plan(&format!("{TWO}dream.cutouts = 8"));
        let after = plan(&format!("{TWO}dream.cutouts = [8]"));
        let (_folder, results) = stored(&before);
        let placement = Placement::survey(&results, &after, &[&after[0]]).unwrap();
        assert_eq!((placement.settle().unwrap(), placement.unused().len()), (1, 0));
        assert!(results.cell(&after[0].id).record().unwrap().is_some());
        assert!(results.cell(&before[1].id).record().unwrap().is_some());
    }

    /// What was judged was once a part of the digest.
    #[test]
    fn records_of_format_0_are_found_with_any_class_name_that_they_were_judged_with() {
        let before = plan(&format!("{TWO}[labels]\na = \"cattle\""));
        let cells = plan(&format!("{TWO}[labels]\na = \"bison\""));
        let (_folder, results) = stored(&[]);
        for cell in &before {
            let mut record = cell.record(finished()).unwrap();
            record.digest = cell.former_digest(&cell.judged_text());
            record.judged_text = None;
            results.cell(&cell.id).write_record(&record).unwrap();
        }
        assert_eq!(settle(&results, &cells), (0, Vec::new()));
        let record = |cell: &Cell| results.cell(&cell.id).record().unwrap().unwrap();
        for (cell, before) in cells.iter().zip(&before) {
            assert_eq!(record(cell).digest, cell.digest);
            assert_eq!(record(cell).judged_text, Some(before.judged_text()));
            assert_eq!(record(cell).former_digest, Some(cell.former_digest(&before.judged_text())));
        }
        assert!(!cells[0].is_ended_by(&record(&cells[0])), "its similarity is that with cattle");
        assert!(cells[1].is_ended_by(&record(&cells[1])));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        /// Cells lie in each other's places, aside and anywhere, and every run but the last is
        /// killed after some steps.
        #[test]
        fn any_disorder_is_put_right_through_any_crashes(
            order in Just((0..6).collect::<Vec<usize>>()).prop_shuffle(),
            elsewhere in prop::collection::vec(0..3_u8, 6),
            crashes in prop::collection::vec(0..8_usize, 0..4),
        ) {
            let cells = plan("prompts = [\"a\", \"b\"]\noptimizer.adam = { lr = [1, 2.0, 3] }");
            let (_folder, results) = stored(&[]);
            for (cell, (n, elsewhere)) in cells.iter().zip(order.iter().zip(elsewhere)) {
                let place = match elsewhere {
                    0 => format!("{ASIDE}/{n}"),
                    1 => format!("a/adam/other-{n}/seed-0"),
                    _ => cells[*n].id.clone(),
                };
                put(&results, cell, &place);
            }
            let movable: Vec<&Cell> = cells.iter().collect();
            for steps in crashes {
                let placement = Placement::survey(&results, &cells, &movable).unwrap();
                for step in placement.steps().unwrap().iter().take(steps) {
                    step.take(&results).unwrap();
                }
            }
            settle(&results, &cells);
            assert_settled(&results, &cells);
            prop_assert_eq!(settle(&results, &cells), (0, Vec::new()));
            prop_assert_eq!(results.stored_cells().unwrap().len(), cells.len(), "nothing was copied or lost");
        }
    }
}
