use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::CellRecord;
use super::files::{read, read_toml, write_toml_unless_same};
use super::{
    CellFolder, Environment, LabelSet, PlanRecord, PublishedTable, RecordError, TunedRecord, leftovers,
    sha256, write_unless_same,
};

/// A results folder, such as `results/optimizers`.
#[derive(Clone, Debug)]
pub struct ResultsFolder {
    root: PathBuf,
}

/// Its name in a results folder, which the `experiment.toml` beside it gives.
pub const PUBLISHED: &str = "published.csv";

const ROUNDING: &str = "rounding.toml";

impl ResultsFolder {
    /// The results folder at `root`, which need not exist yet.
    pub fn at(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }

    /// Path of the folder.
    pub fn path(&self) -> &Path {
        &self.root
    }

    /// Returns true if the folder is there: it may be removed while a run goes on.
    pub fn is_there(&self) -> bool {
        self.root.is_dir()
    }

    /// Removes what killed runs and reports were about to write about all cells.
    pub fn remove_leftovers(&self) {
        for place in ["", "tables", "plots"] {
            leftovers::remove(&self.root.join(place));
        }
    }

    /// The folder of the cell `id`.
    pub fn cell(&self, id: &str) -> CellFolder {
        CellFolder { root: self.root.join("cells").join(id), results: self.root.clone() }
    }

    /// Reads the plan.
    ///
    /// # Errors
    /// [`RecordError::NotResults`] when this is no results folder.
    pub fn plan(&self) -> Result<PlanRecord, RecordError> {
        let path = self.plan_path();
        read_toml(&path)?.ok_or_else(|| RecordError::NotResults { path: self.root.clone() })
    }

    /// Records what is to be run.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn write_plan(&self, plan: &PlanRecord) -> Result<(), RecordError> {
        write_toml_unless_same(&self.plan_path(), plan)
    }

    /// The cells that choose settings, if the experiment has any: a plan like that of the cells
    /// that test them.
    ///
    /// # Errors
    /// When the record is unreadable.
    pub fn tuning(&self) -> Result<Option<PlanRecord>, RecordError> {
        read_toml(&self.root.join("tuning.toml"))
    }

    /// Records the cells that choose settings.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn write_tuning(&self, plan: &PlanRecord) -> Result<(), RecordError> {
        write_toml_unless_same(&self.root.join("tuning.toml"), plan)
    }

    /// The cells that are repeated with other rounding, if there are any.
    ///
    /// # Errors
    /// When the record is unreadable.
    pub fn rounding(&self) -> Result<Option<PlanRecord>, RecordError> {
        read_toml(&self.root.join(ROUNDING))
    }

    /// Records the cells that are repeated with other rounding, or that there are none any more.
    ///
    /// # Errors
    /// When the file cannot be written or removed.
    pub fn write_rounding(&self, plan: Option<&PlanRecord>) -> Result<(), RecordError> {
        let path = self.root.join(ROUNDING);
        match plan {
            Some(plan) => write_toml_unless_same(&path, plan),
            None => remove(path),
        }
    }

    /// The frozen choice, if there is one.
    ///
    /// # Errors
    /// When the record is unreadable.
    pub fn tuned(&self) -> Result<Option<TunedRecord>, RecordError> {
        read_toml(&self.tuned_path())
    }

    /// Records what was chosen.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn write_tuned(&self, tuned: &TunedRecord) -> Result<(), RecordError> {
        write_toml_unless_same(&self.tuned_path(), tuned)
    }

    /// The path of the frozen choice.
    pub fn tuned_path(&self) -> PathBuf {
        self.root.join("tuned.toml")
    }

    fn plan_path(&self) -> PathBuf {
        self.root.join("plan.toml")
    }

    /// The cells that have a record, in the plan's order; those without one have not been begun.
    ///
    /// # Errors
    /// When a record is unreadable.
    pub fn cells(&self, plan: &PlanRecord) -> Result<Vec<CellRecord>, RecordError> {
        plan.cells.iter().filter_map(|cell| self.cell(&cell.id).record().transpose()).collect()
    }

    /// The labels that final images are compared with, if they have been recorded.
    ///
    /// # Errors
    /// When the record is unreadable.
    pub fn labels(&self) -> Result<Option<LabelSet>, RecordError> {
        read_toml(&self.root.join("labels.toml"))
    }

    /// Records what final images are compared with.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn write_labels(&self, labels: &LabelSet) -> Result<(), RecordError> {
        write_toml_unless_same(&self.root.join("labels.toml"), labels)
    }

    /// Reads the environment of the last run, if there was one.
    ///
    /// # Errors
    /// When the record is unreadable.
    pub fn environment(&self) -> Result<Option<Environment>, RecordError> {
        let path = self.root.join("environment.json");
        let Some(bytes) = read(&path)? else { return Ok(None) };
        serde_json::from_slice(&bytes).map(Some).map_err(|source| RecordError::Json { path, source })
    }

    /// Records where and with what it is run.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn write_environment(&self, environment: &Environment) -> Result<(), RecordError> {
        let path = self.root.join("environment.json");
        let mut json = serde_json::to_vec_pretty(environment)
            .map_err(|source| RecordError::Json { path: path.clone(), source })?;
        json.push(b'\n');
        write_unless_same(&path, &json)
    }

    /// The published figures that the experiment is shown beside, if it names any.
    ///
    /// # Errors
    /// When the record is unreadable, or not that which `plan` was written with.
    pub fn published(&self, plan: &PlanRecord) -> Result<Option<PublishedTable>, RecordError> {
        let path = self.root.join(PUBLISHED);
        let digest = plan.files.get(PUBLISHED);
        let Some(bytes) = read(&path)? else {
            return match digest {
                Some(_) => Err(RecordError::Damaged { path, reason: "it is missing".to_owned() }),
                None => Ok(None),
            };
        };
        if digest.is_some_and(|digest| *digest != sha256(&bytes)) {
            return Err(RecordError::Damaged { path, reason: "it does not match its digest".to_owned() });
        }
        let text = String::from_utf8_lossy(&bytes);
        PublishedTable::parse(PUBLISHED, &text)
            .map(Some)
            .map_err(|source| RecordError::Published { path, source })
    }

    /// Records the published figures, or that there are none any more.
    ///
    /// # Errors
    /// When the file cannot be written or removed.
    pub fn write_published(&self, table: Option<&PublishedTable>) -> Result<(), RecordError> {
        let path = self.root.join(PUBLISHED);
        match table {
            Some(table) => write_unless_same(&path, table.text.as_bytes()),
            None => remove(path),
        }
    }
}

/// Removes a record, if it is there.
fn remove(path: PathBuf) -> Result<(), RecordError> {
    match fs::remove_file(&path) {
        Err(source) if source.kind() != io::ErrorKind::NotFound => Err(RecordError::Write { path, source }),
        _ => Ok(()),
    }
}
