use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::atomic::write_by_way_of;
use super::check::{Check, check_trace};
use super::curve::{self, CURVE};
use super::leftovers::{self, ANIMATING};
use super::seal::{SealError, opened, sealed};
use super::trace;
use super::{
    CellRecord, CurveRow, Environment, Evaluation, LARGEST_RECORD, LabelSet, PlanRecord, PublishedTable,
    RecordError, TomlError, TraceRow, TunedRecord, read_regular, sha256, write_atomically,
};

/// A results folder, such as `results/optimizers`.
#[derive(Clone, Debug)]
pub struct ResultsFolder {
    root: PathBuf,
}

/// The folder of one cell, such as `results/optimizers/cells/bicycle/adam/seed-0`.
#[derive(Clone, Debug)]
pub struct CellFolder {
    root: PathBuf,
    results: PathBuf,
}

/// Its name in a results folder, which the `experiment.toml` beside it gives.
pub const PUBLISHED: &str = "published.csv";

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
        write_toml(&self.plan_path(), plan)
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
        write_toml(&self.root.join("tuning.toml"), plan)
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
        write_toml(&self.tuned_path(), tuned)
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
        write_toml(&self.root.join("labels.toml"), labels)
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
        write_atomically(&path, &json)
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
            Some(table) => write_atomically(&path, table.text.as_bytes()),
            None => match fs::remove_file(&path) {
                Err(source) if source.kind() != io::ErrorKind::NotFound => {
                    Err(RecordError::Write { path, source })
                }
                _ => Ok(()),
            },
        }
    }
}

impl CellFolder {
    /// Path of the folder.
    pub fn path(&self) -> &Path {
        &self.root
    }

    /// Writes a file of the cell, whole or not at all.
    ///
    /// # Errors
    /// When it cannot be written, or the results folder has been removed: it is not made again
    /// half.
    pub fn write(&self, path: &Path, bytes: &[u8]) -> Result<(), RecordError> {
        self.is_wanted(path)?;
        write_atomically(path, bytes)
    }

    fn is_wanted(&self, path: &Path) -> Result<(), RecordError> {
        if self.results.is_dir() {
            return Ok(());
        }
        let source = io::Error::new(io::ErrorKind::NotFound, "the results folder has been removed");
        Err(RecordError::Write { path: path.to_owned(), source })
    }

    /// `cell.toml`, if the cell was begun.
    ///
    /// # Errors
    /// When it is unreadable.
    pub fn record(&self) -> Result<Option<CellRecord>, RecordError> {
        read_toml(&self.root.join("cell.toml"))
    }

    /// Writes `cell.toml`.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write_record(&self, record: &CellRecord) -> Result<(), RecordError> {
        let path = self.root.join("cell.toml");
        self.is_wanted(&path)?;
        write_toml(&path, record)
    }

    /// `trace.csv`: all rows in the order of steps, none if the cell was not begun.
    ///
    /// # Errors
    /// When it is unreadable.
    pub fn trace(&self) -> Result<Vec<TraceRow>, RecordError> {
        let path = self.root.join("trace.csv");
        let Some(bytes) = read(&path)? else { return Ok(Vec::new()) };
        let rows =
            trace::from_csv(&bytes).map_err(|source| RecordError::Csv { path: path.clone(), source })?;
        check_trace(&rows).map_err(|reason| RecordError::Damaged { path, reason })?;
        Ok(rows)
    }

    /// Writes `trace.csv`, all of it.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write_trace(&self, rows: &[TraceRow]) -> Result<(), RecordError> {
        let path = self.root.join("trace.csv");
        let csv = trace::to_csv(rows).map_err(|source| RecordError::Csv { path: path.clone(), source })?;
        self.write(&path, &csv)
    }

    /// `curve.csv`: all rows in the order of steps, none if there is no such file.
    ///
    /// # Errors
    /// When it is unreadable.
    pub fn curve(&self) -> Result<Vec<CurveRow>, RecordError> {
        let path = self.curve_path();
        let Some(bytes) = read(&path)? else { return Ok(Vec::new()) };
        let rows =
            curve::from_csv(&bytes).map_err(|source| RecordError::Csv { path: path.clone(), source })?;
        curve::check(&rows).map_err(|reason| RecordError::Damaged { path, reason })?;
        Ok(rows)
    }

    /// Writes `curve.csv`, all of it, and returns its bytes.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write_curve(&self, rows: &[CurveRow]) -> Result<Vec<u8>, RecordError> {
        let path = self.curve_path();
        let csv = curve::to_csv(rows).map_err(|source| RecordError::Csv { path: path.clone(), source })?;
        self.write(&path, &csv)?;
        Ok(csv)
    }

    pub(super) fn curve_path(&self) -> PathBuf {
        self.root.join(CURVE)
    }

    /// Path of the image of the averaged latents after `step` steps.
    pub fn frame(&self, step: u32) -> PathBuf {
        self.root.join("frames").join(format!("{step:06}.png"))
    }

    /// Path of the final image.
    pub fn final_image(&self) -> PathBuf {
        self.root.join("final.png")
    }

    /// Path of the best frame.
    pub fn best_image(&self) -> PathBuf {
        self.root.join("best.png")
    }

    /// `evaluation.toml`, if the last image has been judged.
    ///
    /// # Errors
    /// When it is unreadable.
    pub fn evaluation(&self) -> Result<Option<Evaluation>, RecordError> {
        read_toml(&self.root.join("evaluation.toml"))
    }

    /// Writes `evaluation.toml`.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write_evaluation(&self, evaluation: &Evaluation) -> Result<(), RecordError> {
        let path = self.root.join("evaluation.toml");
        self.is_wanted(&path)?;
        write_toml(&path, evaluation)
    }

    /// Path of the segmenter's mask of the final image.
    pub fn mask(&self) -> PathBuf {
        self.root.join("mask.png")
    }

    /// Writes `progress.gif`. Whoever makes a report does so, while another shard may be at work in
    /// this folder: their temporary files have other names, and neither takes the other's for a
    /// leftover. Reports are made one at a time.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn write_animation(&self, gif: &[u8]) -> Result<(), RecordError> {
        leftovers::remove(&self.root);
        write_by_way_of(ANIMATING, &self.root.join("progress.gif"), gif)
    }

    /// Removes what a killed run was about to write.
    pub fn remove_leftovers(&self) {
        for place in [self.root.clone(), self.root.join("frames")] {
            leftovers::remove(&place);
        }
    }

    /// Path of the state to resume from.
    pub fn state(&self) -> PathBuf {
        self.root.join("state.safetensors")
    }
}

fn read(path: &Path) -> Result<Option<Vec<u8>>, RecordError> {
    match read_regular(path, LARGEST_RECORD) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(RecordError::Read { path: path.to_owned(), source }),
    }
}

fn read_toml<T: DeserializeOwned + Check>(path: &Path) -> Result<Option<T>, RecordError> {
    let Some(bytes) = read(path)? else { return Ok(None) };
    let damaged = |reason| RecordError::Damaged { path: path.to_owned(), reason };
    let text = opened(&bytes).map_err(|error| match error {
        SealError::Newer { found } => RecordError::Newer { path: path.to_owned(), found },
        error => damaged(error.to_string()),
    })?;
    let record: T = toml::from_str(&text)
        .map_err(|error| TomlError::of(path, &text, &error))
        .map_err(|source| RecordError::Toml { path: path.to_owned(), source: Box::new(source) })?;
    record.check().map_err(damaged)?;
    Ok(Some(record))
}

fn write_toml<T: Serialize>(path: &Path, record: &T) -> Result<(), RecordError> {
    let text = toml::to_string(record)
        .map_err(|source| RecordError::Encode { path: path.to_owned(), source: Box::new(source) })?;
    write_atomically(path, sealed(&text).as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Best, CellStatus, FileDigests, LossTerms, Outcome, Texts};

    fn record(status: CellStatus) -> CellRecord {
        CellRecord {
            id: "bicycle/adam/seed-0".into(),
            prompt: "bicycle".into(),
            class_name: "bicycle".into(),
            optimizer: "adam".into(),
            seed: 0,
            model_set: "mini".into(),
            digest: "ab".into(),
            judged_text: Some("a photo of a bicycle".into()),
            former_digest: None,
            status,
            texts: Some(Texts::ONE),
            axes: [("cutouts".to_owned(), toml::Value::Integer(64))].into(),
            optimizer_settings: toml::toml! { adam = { lr = 0.05 } },
            dream: toml::toml! { epochs = 10 },
            files: [("trace.csv".to_owned(), "00".to_owned())].into(),
        }
    }

    /// One shard makes the report of all cells while another tidies up one of its own before it
    /// goes on.
    #[test]
    fn an_animation_is_no_leftover_to_whoever_computes_the_cell() {
        let folder = tempfile::tempdir().unwrap();
        let cell = ResultsFolder::at(folder.path()).cell("bicycle/adam/seed-0");
        cell.write_animation(b"0").unwrap();
        std::thread::scope(|scope| {
            let reporting = scope.spawn(|| (0..200).try_for_each(|n| cell.write_animation(&[n as u8])));
            while !reporting.is_finished() {
                cell.remove_leftovers();
            }
            reporting.join().unwrap().unwrap();
        });
        let names: Vec<_> =
            fs::read_dir(cell.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(names, ["progress.gif"]);
    }

    #[test]
    fn a_cell_reads_back_as_written_in_every_status() {
        let folder = tempfile::tempdir().unwrap();
        let cell = ResultsFolder::at(folder.path()).cell("bicycle/adam/seed-0");
        assert_eq!(cell.record().unwrap(), None);
        let final_loss = LossTerms { total: -1.5, similarity: -36.25, latent: 34.0, class: 0.1 };
        let outcome = Outcome {
            steps: 2000,
            seconds: 12.5,
            similarity_averaged: 0.3,
            similarity_live: 0.25,
            cutouts_averaged: Some(0.28),
            cutouts_live: None,
            final_loss,
            best: Some(Best { step: 1950, similarity_loss: -36.5 }),
            live: vec![(50, 0.125), (100, 0.25)],
        };
        for status in [
            CellStatus::Unfinished,
            CellStatus::Finished(outcome),
            CellStatus::Diverged { at_step: 41, seconds: 0.5, similarity_initial: None },
            CellStatus::Failed { reason: "out of \"memory\"\n  caused by: …".into() },
        ] {
            let record = record(status);
            cell.write_record(&record).unwrap();
            assert_eq!(cell.record().unwrap(), Some(record));
        }
    }

    #[test]
    fn refuses_numbers_that_no_run_writes() {
        let folder = tempfile::tempdir().unwrap();
        let cell = ResultsFolder::at(folder.path()).cell("bicycle/adam/seed-0");
        let outcome = Outcome {
            steps: 10,
            seconds: 1.0,
            similarity_averaged: 0.3,
            similarity_live: 0.3,
            cutouts_averaged: None,
            cutouts_live: None,
            final_loss: LossTerms::default(),
            best: None,
            live: Vec::new(),
        };
        type Spoil = fn(&mut Outcome);
        let spoilt: [(Spoil, &str); 6] = [
            (|outcome| outcome.seconds = f64::INFINITY, "seconds"),
            (|outcome| outcome.seconds = -1.0, "seconds"),
            (|outcome| outcome.similarity_averaged = 1e308, "similarity_averaged"),
            (|outcome| outcome.cutouts_live = Some(f64::NAN), "cutouts_live"),
            (|outcome| outcome.final_loss.class = f32::NEG_INFINITY, "class"),
            (|outcome| outcome.best = Some(Best { step: 11, similarity_loss: 0.0 }), "best.step"),
        ];
        for (spoil, named) in spoilt {
            let mut outcome = outcome.clone();
            spoil(&mut outcome);
            cell.write_record(&record(CellStatus::Finished(outcome))).unwrap();
            let error = cell.record().unwrap_err();
            assert!(error.is_damage() && error.to_string().contains(named), "{error}");
        }
    }

    #[test]
    fn refuses_traces_that_no_run_writes() {
        let folder = tempfile::tempdir().unwrap();
        let cell = ResultsFolder::at(folder.path()).cell("a");
        fs::create_dir_all(cell.path()).unwrap();
        let head = "step,loss,similarity_loss,latent_loss,class_loss,seconds\n1,1,1,1,1,0.5\n";
        for row in ["4294967295,1,1,1,1,1", "2,1,1,1,1,nan", "2,1,1,1,1,inf", "2,1,1,1,1,0.25", "2,1,1"] {
            fs::write(cell.path().join("trace.csv"), format!("{head}{row}\n")).unwrap();
            assert!(cell.trace().unwrap_err().is_damage(), "{row}");
        }
    }

    /// The head's first word is the only part of a record that its digest does not cover.
    #[test]
    fn finds_a_flipped_bit_anywhere_in_a_record() {
        let folder = tempfile::tempdir().unwrap();
        let cell = ResultsFolder::at(folder.path()).cell("bicycle/adam/seed-0");
        cell.write_record(&record(CellStatus::Unfinished)).unwrap();
        let path = cell.path().join("cell.toml");
        let bytes = fs::read(&path).unwrap();
        for place in 0..bytes.len() {
            let mut flipped = bytes.clone();
            flipped[place] ^= 1 << (place % 8);
            fs::write(&path, flipped).unwrap();
            assert!(cell.record().is_err(), "byte {place}");
        }
    }

    #[test]
    fn a_record_of_a_newer_format_is_no_damage() {
        let folder = tempfile::tempdir().unwrap();
        let cell = ResultsFolder::at(folder.path()).cell("bicycle/adam/seed-0");
        cell.write_record(&record(CellStatus::Unfinished)).unwrap();
        let path = cell.path().join("cell.toml");
        let newer = fs::read_to_string(&path).unwrap().replacen("format = 2", "format = 7", 1);
        fs::write(&path, newer).unwrap();
        let error = cell.record().unwrap_err();
        assert!(!error.is_damage() && error.to_string().contains("its format is 7"), "{error}");
    }

    #[test]
    fn refuses_paths_of_cells_that_lead_elsewhere() {
        let folder = tempfile::tempdir().unwrap();
        let results = ResultsFolder::at(folder.path());
        for id in ["../../etc", "/etc", "a/../../b", ""] {
            let plan = PlanRecord {
                experiment: "e".into(),
                model_set: "m".into(),
                reproduces: None,
                template: "{}".into(),
                optimizers: Vec::new(),
                seeds: Vec::new(),
                prompts: Vec::new(),
                cells: vec![crate::PlannedCell { id: id.into(), digest: "d".into(), place: None }],
                study: Default::default(),
                files: FileDigests::new(),
            };
            results.write_plan(&plan).unwrap();
            assert!(results.plan().unwrap_err().is_damage(), "{id}");
        }
    }

    #[test]
    fn a_trace_reads_back_as_written_to_the_last_bit() {
        let folder = tempfile::tempdir().unwrap();
        let cell = ResultsFolder::at(folder.path()).cell("a");
        let row = |step, total| TraceRow {
            step,
            loss: [total, -36.1 / 3.0, f32::MIN_POSITIVE, 1e9].into(),
            seconds: 0.1,
        };
        let rows = vec![row(1, 0.1), row(2, -0.0)];
        cell.write_trace(&rows).unwrap();
        assert_eq!(cell.trace().unwrap(), rows);
    }

    #[test]
    fn a_folder_that_no_run_wrote_is_refused() {
        let error = ResultsFolder::at("no-such-folder").plan().unwrap_err();
        insta::assert_snapshot!(error, @"`no-such-folder` is not a results folder: it has no plan.toml");
    }
}
