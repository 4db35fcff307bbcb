//! The cells of a stage: found, and computed as far as they are not there.

use experiment::plan::Cell;
use miette::Result;
use records::counted;

use super::Session;
use super::folder::{moved_cells, still_there, unused_cells};
use crate::devices::name;
use crate::models::Workload;
use crate::run::{Prepared, Progress, Schedule, prepare};

/// A stage of a run.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    /// Trials are computed, from which settings are chosen.
    Tuning,
    /// Trials are looked after whose choice is made.
    Tuned,
    /// Settings are tested: all that there is in most experiments.
    Test,
    /// Cells of the test are repeated with other rounding.
    Rounding,
}

/// The cells of a stage that are still to be computed.
pub(super) struct Begun<'c> {
    pending: Vec<&'c Cell>,
}

impl Session<'_> {
    /// Finds what there is of a stage's `cells`, of `all` of which the folder may have records, and
    /// says what is to be done. `fresh` discards it first.
    pub(super) fn begin<'c>(
        &'c self,
        all: &'c [Cell],
        cells: &[&'c Cell],
        stage: Stage,
        fresh: bool,
    ) -> Result<Begun<'c>> {
        let prepared = prepare(self.results, all, cells, self.study.shard(), fresh)?;
        self.files()?; // the folder's log has what is said from here on
        let said = [
            moved_cells(prepared.moved),
            (stage == Stage::Test).then(|| unused_cells(self.results.path(), &prepared.unused)).flatten(),
            (stage != Stage::Tuned || !prepared.pending.is_empty())
                .then(|| self.head(cells.len(), &prepared, stage)),
        ];
        for line in said.into_iter().flatten() {
            self.say(&line);
        }
        Ok(Begun { pending: prepared.pending })
    }

    fn head(&self, cells: usize, prepared: &Prepared<'_>, stage: Stage) -> String {
        let of_stage = match stage {
            Stage::Test => "",
            Stage::Rounding => " with other rounding",
            Stage::Tuning | Stage::Tuned => " of the tuning",
        };
        let measured = match prepared.to_measure {
            0 => String::new(),
            count => format!(", {count} to compare with other texts"),
        };
        let devices = self.study.devices.iter().map(|&device| name(device)).collect::<Vec<_>>().join(", ");
        let (manifest, compute) = (&self.set.manifest, prepared.pending.len() - prepared.to_measure);
        format!(
            "{}: {}{of_stage}, {compute} to compute{measured}, with the model set {} ({}) on {devices}",
            self.study.experiment.name,
            counted(cells, "cell"),
            manifest.name,
            manifest.about
        )
    }

    /// Computes what is pending of `cells`. Returns who did, if there is any cell.
    pub(super) fn compute(&self, cells: &[&Cell], begun: Begun<'_>) -> Result<Option<Schedule>> {
        let pending = begun.pending;
        let Some(first) = cells.first() else { return Ok(None) };
        let workload = Workload::of_set(self.set, &first.dream)?;
        let schedule = Schedule::new(&self.study.devices, self.study.jobs(), &workload);
        let schedule = Schedule { python: self.study.interpreter(), ..schedule };
        if pending.is_empty() {
            return Ok(Some(schedule));
        }
        let progress = match self.with.quiet {
            true => Progress::hidden(pending.len()),
            false => Progress::new(self.with.bars.clone(), pending.len()),
        };
        let ran = schedule.run(&pending, self.set, self.results, &progress, self.with.stop);
        progress.finish();
        ran?;
        still_there(self.results)?;
        Ok(Some(schedule))
    }
}
