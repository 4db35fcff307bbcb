//! All files of a results folder, compared with their digests.

use std::path::Path;

use rayon::prelude::*;

use super::digests;
use super::{CellStatus, Damage, PUBLISHED, PlanRecord, PlannedCell, RecordError, ResultsFolder};

/// The result of comparing all files of a results folder with their digests.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verification {
    /// Damages, by paths below the results folder.
    pub damages: Vec<Damage>,
    /// Cells of the plan.
    pub planned: usize,
    /// Cells that have ended and whose files all match.
    pub matching: usize,
    /// Cells that have ended, and whose record has no digests: an older version wrote it.
    pub without_digests: usize,
    /// Cells that have not ended: their files can be read, but there is nothing to compare them
    /// with.
    pub unfinished: usize,
    /// Cells with a damaged file.
    pub damaged: usize,
}

/// The state of a cell.
enum Found {
    Matching,
    WithoutDigests,
    Unfinished,
    NotBegun,
    Damaged(Vec<Damage>),
}

impl ResultsFolder {
    /// Compares all files with their digests, saved states included, those of the cells that chose
    /// settings and of repeated cells, too; files without one are read.
    ///
    /// # Errors
    /// When the plan is unreadable.
    pub fn verify(&self) -> Result<Verification, RecordError> {
        let plan = self.plan()?;
        let damages = self.shared_damages(&plan);
        let others = [self.tuning(), self.rounding()].into_iter().filter_map(|plan| plan.ok().flatten());
        let cells: Vec<PlannedCell> =
            plan.cells.into_iter().chain(others.flat_map(|plan| plan.cells)).collect();
        let mut verification = Verification { planned: cells.len(), damages, ..Default::default() };
        let found: Vec<_> = cells.par_iter().map(|planned| self.verify_cell(planned)).collect();
        for (planned, found) in cells.iter().zip(found) {
            match found {
                Found::Matching => verification.matching += 1,
                Found::WithoutDigests => verification.without_digests += 1,
                Found::Unfinished => verification.unfinished += 1,
                Found::NotBegun => {}
                Found::Damaged(damages) => {
                    verification.damaged += 1;
                    let below = |Damage { file, reason }| {
                        let file = format!("cells/{}/{file}", planned.id);
                        Damage { file, reason }
                    };
                    verification.damages.extend(damages.into_iter().map(below));
                }
            }
        }
        Ok(verification)
    }

    /// The damages of files about all cells.
    fn shared_damages(&self, plan: &PlanRecord) -> Vec<Damage> {
        let errors = [
            ("environment.json", self.environment().err()),
            ("published.csv", self.published(plan).err()),
            ("labels.toml", self.labels().err()),
            ("tuning.toml", self.tuning().err()),
            ("tuned.toml", self.tuned().err()),
            ("rounding.toml", self.rounding().err()),
        ];
        let read = errors.into_iter().filter_map(|(file, error)| Some(Damage::of_error(file, &error?)));
        let compared = plan.files.iter().filter(|(name, _)| *name != PUBLISHED); // compared when read
        read.chain(compared.filter_map(|(name, digest)| self.damage_of(name, digest))).collect()
    }

    fn damage_of(&self, name: &str, digest: &str) -> Option<Damage> {
        match digests::of_file(&self.path().join(Path::new(name))) {
            Ok(is) if is == digest => None,
            Ok(_) => Some(Damage::differs(name)),
            Err(error) => Some(Damage::of_io(name, &error)),
        }
    }

    fn verify_cell(&self, planned: &PlannedCell) -> Found {
        let folder = self.cell(&planned.id);
        match folder.read_all(planned) {
            Err(damages) => Found::Damaged(damages),
            Ok(None) => Found::NotBegun,
            Ok(Some(contents)) => match contents.record.status {
                CellStatus::Unfinished | CellStatus::Failed { .. } => Found::Unfinished,
                _ if contents.record.files.is_empty() => Found::WithoutDigests,
                _ => Found::Matching,
            },
        }
    }
}
