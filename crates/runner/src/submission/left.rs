use std::collections::{BTreeSet, HashMap};

use experiment::plan::Cell;
use miette::{IntoDiagnostic, Result};
use rayon::prelude::*;
use records::{CellRecord, CellStatus, PlannedCell, ResultsFolder};

use crate::study::{Plans, Study};

/// The part of an experiment that is left, as records tell.
pub(crate) struct Left {
    /// The trials, unless settings are chosen or there is nothing to choose.
    pub(crate) tuning: Option<Stage>,
    /// The cells that test settings.
    pub(crate) test: Stage,
}

/// Cells that are computed together, in parts that are shared out each by itself.
pub(crate) struct Stage {
    /// For each cell, true if it has not ended or has not been judged.
    parts: Vec<Vec<bool>>,
}

impl Left {
    /// Looks at the records of the cells that `study` selects. `prepared`: a run has written down
    /// what there is to do, and moved records to their places.
    ///
    /// # Errors
    /// When the command line selects no cells, or a record about all cells cannot be read.
    pub(crate) fn of(
        study: &Study<'_>,
        plans: &Plans,
        results: &ResultsFolder,
        prepared: bool,
    ) -> Result<Self> {
        let is_chosen = plans.tuning.is_some() && results.tuned().into_diagnostic()?.is_some();
        let tuning = match &plans.tuning {
            Some(plan) if !is_chosen => {
                let written = if prepared { results.tuning().into_diagnostic()? } else { None };
                let cells = written.unwrap_or_else(|| plan.record.clone()).cells;
                Some(Stage { parts: vec![pending(&cells, |cell| is_left(results, cell))] })
            }
            _ => None,
        };
        let mut test = Stage::test(study, plans, results, is_chosen)?;
        if tuning.is_some() {
            test.fill(); // their settings are not known yet
        }
        Ok(Self { tuning, test })
    }
}

impl Stage {
    /// The cells that test settings, and those that repeat some with other rounding. `is_chosen`:
    /// settings were chosen, so that the records know the cells better than the plans.
    fn test(study: &Study<'_>, plans: &Plans, results: &ResultsFolder, is_chosen: bool) -> Result<Self> {
        let mut planned = plans.test.record.cells.clone();
        let mut repeated = plans.rounding.as_ref().map_or_else(Vec::new, |plan| plan.record.cells.clone());
        if is_chosen {
            let written = results.plan().into_diagnostic()?.cells;
            if !written.is_empty() {
                planned = written;
                repeated = results.rounding().into_diagnostic()?.map_or_else(Vec::new, |plan| plan.cells);
            }
        }
        let planned = chosen(&study.select(&plans.test)?, &planned);
        let repeated = chosen(&study.select_repeated(plans.rounding.as_ref())?, &repeated);
        let parts = vec![
            pending(&planned, |cell| is_left(results, cell) || is_unjudged(results, cell)),
            pending(&repeated, |cell| is_left(results, cell)),
        ];
        Ok(Self { parts })
    }

    /// Has all cells count as pending.
    pub(crate) fn fill(&mut self) {
        self.parts.iter_mut().for_each(|part| part.fill(true));
    }

    /// The largest number of shards that all have a cell.
    pub(crate) fn most_shards(&self) -> usize {
        self.parts.iter().map(Vec::len).max().unwrap_or_default()
    }

    /// The number of cells that are pending.
    pub(crate) fn count(&self) -> usize {
        self.parts.iter().flatten().filter(|pending| **pending).count()
    }

    /// Of `tasks` shards, those with a pending cell.
    pub(crate) fn shards(&self, tasks: usize) -> Vec<usize> {
        let places = self.parts.iter().flat_map(|part| part.iter().enumerate());
        let pending = places.filter(|(_, pending)| **pending);
        let shards: BTreeSet<usize> = pending.map(|(place, _)| shard_of(place, tasks)).collect();
        shards.into_iter().collect()
    }
}

/// The shard of the cell at this place, from 1 to `tasks`: see [`experiment::plan::Selection`].
pub(crate) fn shard_of(place: usize, tasks: usize) -> usize {
    place % tasks + 1
}

/// Of `planned`, the cells that are selected, in the order of the selection.
fn chosen(selected: &[&Cell], planned: &[PlannedCell]) -> Vec<PlannedCell> {
    let by_id: HashMap<&str, &PlannedCell> = planned.iter().map(|cell| (cell.id.as_str(), cell)).collect();
    selected.iter().filter_map(|cell| by_id.get(cell.id.as_str()).map(|&cell| cell.clone())).collect()
}

fn pending(cells: &[PlannedCell], is_pending: impl Fn(&PlannedCell) -> bool + Sync + Send) -> Vec<bool> {
    cells.par_iter().map(is_pending).collect()
}

fn is_left(results: &ResultsFolder, planned: &PlannedCell) -> bool {
    match results.cell(&planned.id).record() {
        Ok(Some(record)) => record.digest != planned.digest || !record.status.is_final(),
        _ => true,
    }
}

fn is_unjudged(results: &ResultsFolder, planned: &PlannedCell) -> bool {
    let folder = results.cell(&planned.id);
    let has_finished = |record: CellRecord| matches!(record.status, CellStatus::Finished(_));
    let finished = folder.record().is_ok_and(|record| record.is_some_and(has_finished));
    finished && !matches!(folder.evaluation(), Ok(Some(_)))
}

#[cfg(test)]
mod tests {
    use experiment::Experiment;
    use experiment::plan::{Plan, Selection, Shard};
    use model_sets::Identity;

    use super::*;

    #[test]
    fn cells_are_in_the_shards_that_compute_them() {
        let text = "name = \"a\"\nmodels = [\"none\"]\nprompts = [\"a\"]\nseeds = [0, 1, 2, 3, 4, 5, 6]\noptimizer.adam = {}";
        let experiment = Experiment::parse("a.toml", text).unwrap();
        let cells = Plan::new(&experiment, &Identity::new("none", [].into())).unwrap().cells;
        for tasks in 1..=7 {
            for (place, cell) in cells.iter().enumerate() {
                let shard = Some(Shard { index: shard_of(place, tasks), of: tasks });
                let own = Selection { only: Vec::new(), shard }.of(&cells).unwrap();
                assert!(own.iter().any(|own| own.id == cell.id), "cell {place} of {tasks} shards");
            }
        }
        let mut stage = Stage { parts: vec![vec![false, true, false, false, true, false, false], vec![]] };
        assert_eq!((stage.shards(3), stage.shards(7), stage.count()), (vec![2], vec![2, 5], 2));
        assert_eq!(stage.most_shards(), 7);
        stage.parts[1] = vec![false, false, true];
        assert_eq!((stage.shards(3), stage.shards(7)), (vec![2, 3], vec![2, 3, 5]));
    }
}
