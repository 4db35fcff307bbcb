//! The cells of a stage: found, and computed as far as they are not there.

use experiment::plan::Cell;
use miette::Result;
use records::counted;

use super::Run;
use super::words::{moved_cells, unused_cells};
use crate::commands::plan::name;
use crate::run::{Prepared, Progress, Schedule, prepare};

/// A stage of a run.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    /// Trials are computed, from which settings are chosen.
    Tuning,
    /// Trials are looked after whose choice is made.
    Tuned,
    /// Settings are tested: all that there is in an experiment without tuning.
    Test,
}

/// The cells of a stage that are still to be computed.
pub(super) struct Begun<'c> {
    pending: Vec<&'c Cell>,
}

impl Run<'_> {
    /// Finds what there is of a stage's `cells`, of `all` of which the folder may have records, and says what is to be done.
    /// `fresh` discards it first.
    pub(super) fn begin<'c>(
        &'c self,
        all: &'c [Cell],
        cells: &[&'c Cell],
        stage: Stage,
        fresh: bool,
    ) -> Result<Begun<'c>> {
        let prepared = prepare(&self.results, all, cells, self.plan_args.shard, fresh)?;
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
        let of_stage = if stage == Stage::Test { "" } else { " of the tuning" };
        let measured = match prepared.to_measure {
            0 => String::new(),
            count => format!(", {count} to compare with other texts"),
        };
        let devices = self.devices.iter().map(|&device| name(device)).collect::<Vec<_>>().join(", ");
        let (manifest, compute) = (&self.set.manifest, prepared.pending.len() - prepared.to_measure);
        format!(
            "{}: {}{of_stage}, {compute} to compute{measured}, with the model set {} ({}) on {devices}",
            self.experiment.name,
            counted(cells, "cell"),
            manifest.name,
            manifest.about
        )
    }

    /// Computes what is pending of `cells`. Returns who did, if there is any cell.
    pub(super) fn compute(&self, cells: &[&Cell], begun: Begun<'_>) -> Result<Option<Schedule>> {
        let pending = begun.pending;
        let schedule = self.schedule(cells)?;
        if let (Some(schedule), false) = (&schedule, pending.is_empty()) {
            let progress = match self.quiet {
                true => Progress::hidden(pending.len()),
                false => Progress::new(self.bars.clone(), pending.len()),
            };
            let ran = schedule.run(&pending, self.set, &self.results, &progress, &self.stop);
            progress.finish();
            ran?;
            self.still_there()?;
        }
        Ok(schedule)
    }
}
