//! The files of a cell, read together and held against each other.

use std::fmt::{self, Display, Formatter};
use std::io::{self, Cursor};
use std::path::{Path, PathBuf};

use image::{ImageFormat, ImageReader};

use super::check::first_not_finite;
use super::curve::CURVE;
use super::digests::{self, FRAMES};
use super::{
    CellFolder, CellRecord, CellStatus, CurveRow, Evaluation, FileDigests, LARGEST_RECORD, PlannedCell,
    RecordError, TraceRow, read_regular, sha256,
};

/// A file of a results folder that is missing, cut, changed or out of range.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Damage {
    /// The file, relative to the folder it belongs to, such as `trace.csv` or `frames/000050.png`.
    pub file: String,
    /// The fault, in words that follow its name.
    pub reason: String,
}

/// Everything that the report shows of a cell.
#[derive(Clone, Debug)]
pub struct CellContents {
    /// `cell.toml`.
    pub record: CellRecord,
    /// `trace.csv`: all rows.
    pub trace: Vec<TraceRow>,
    /// `evaluation.toml`, if the cell finished and has been judged.
    pub evaluation: Option<Evaluation>,
    /// `curve.csv`: all rows, none if there is no such file.
    pub curve: Vec<CurveRow>,
    /// Steps and paths of the images saved on the way, in the order of steps.
    pub frames: Vec<(u32, PathBuf)>,
}

impl Damage {
    fn new(file: impl Into<String>, reason: impl Into<String>) -> Self {
        Self { file: file.into(), reason: reason.into() }
    }

    /// The damage behind an error that came up while `file` was read.
    pub fn of_error(file: &str, error: &RecordError) -> Self {
        Self::new(file, error.reason())
    }

    pub(super) fn differs(file: &str) -> Self {
        Self::new(file, DIFFERS)
    }

    pub(super) fn of_io(file: &str, error: &io::Error) -> Self {
        let reason = match error.kind() {
            io::ErrorKind::NotFound => "is missing".to_owned(),
            _ => format!("cannot be read: {error}"),
        };
        Self::new(file, reason)
    }
}

impl Display for Damage {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.file, self.reason)
    }
}

impl CellFolder {
    /// The cell's files, for the report; nothing where it has not been begun, or with other
    /// settings than planned.
    ///
    /// # Errors
    /// Every file that is not as the run left it, but for its saved state and for images of which
    /// no digest is known: whoever shows these finds out.
    pub fn read(&self, planned: &PlannedCell) -> Result<Option<CellContents>, Vec<Damage>> {
        self.read_but(planned, &["state.safetensors"], false)
    }

    /// As [`Self::read`], with the saved state, of which the digest alone is looked at.
    ///
    /// # Errors
    /// Every file that is not as the run left it.
    pub fn read_all(&self, planned: &PlannedCell) -> Result<Option<CellContents>, Vec<Damage>> {
        self.read_but(planned, &[], true)
    }

    /// `decode`: whether images without a digest are decoded.
    fn read_but(
        &self,
        planned: &PlannedCell,
        but: &[&str],
        decode: bool,
    ) -> Result<Option<CellContents>, Vec<Damage>> {
        let record = match self.record() {
            Ok(Some(record)) => record,
            Ok(None) if self.has_files() => return Err(vec![Damage::new("cell.toml", "is missing")]),
            Ok(None) => return Ok(None),
            Err(error) => return Err(vec![Damage::of_error("cell.toml", &error)]),
        };
        if record.id != planned.id {
            return Err(vec![Damage::new("cell.toml", format!("is the record of `{}`", record.id))]);
        }
        if record.digest != planned.digest {
            return Ok(None);
        }
        let (trace, mut damages) = self.examine(&record, but, decode);
        let evaluation = match record.status {
            CellStatus::Finished(_) => self.judged(&mut damages, decode),
            _ => None,
        };
        let curve = self.checked_curve(&mut damages);
        let frames = self.frames();
        if damages.is_empty() {
            Ok(Some(CellContents { record, trace, evaluation, curve, frames }))
        } else {
            Err(damages)
        }
    }

    /// Damages of the files that `record` is about, the judges' excepted.
    /// Files in `but` are not looked at.
    pub fn damages(&self, record: &CellRecord, but: &[&str]) -> Vec<Damage> {
        self.examine(record, but, true).1
    }

    /// The trace, as far as it can be read, and what is damaged.
    fn examine(&self, record: &CellRecord, but: &[&str], decode: bool) -> (Vec<TraceRow>, Vec<Damage>) {
        let mut damages = Vec::new();
        let trace = self.check_trace(record, &mut damages);
        if record.files.is_empty() {
            if decode {
                self.check_images(record, &mut damages);
            }
        } else {
            let looked_at = record.files.iter().filter(|(file, _)| !but.contains(&file.as_str()));
            for (file, digest) in looked_at {
                if damages.iter().all(|damage| damage.file != *file) {
                    self.compare(record, file, digest, &mut damages);
                }
            }
        }
        (trace, damages)
    }

    /// Damages of the judges' files of a finished cell.
    pub fn judges_damages(&self) -> Vec<Damage> {
        let mut damages = Vec::new();
        self.judged(&mut damages, true);
        damages
    }

    /// The digests of the files of a cell that has ended, as they lie there.
    ///
    /// # Errors
    /// When one cannot be read.
    pub fn digests(&self) -> Result<FileDigests, RecordError> {
        let mut files = FileDigests::new();
        for file in ["trace.csv", "final.png", "best.png", "state.safetensors"] {
            let path = self.path().join(file);
            match digests::of_file(&path) {
                Ok(digest) => drop(files.insert(file.to_owned(), digest)),
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(source) => return Err(RecordError::Read { path, source }),
            }
        }
        let path = self.path().join(FRAMES);
        let frames = self.digest_of_frames().map_err(|source| RecordError::Read { path, source })?;
        files.insert(FRAMES.to_owned(), frames);
        Ok(files)
    }

    /// Steps and paths of the images saved on the way, in the order of steps: `frames/000050.png`
    /// and so on.
    pub fn frames(&self) -> Vec<(u32, PathBuf)> {
        let entries = std::fs::read_dir(self.path().join(FRAMES)).into_iter().flatten().flatten();
        let step = |path: &Path| {
            let name = path.file_name()?.to_str()?;
            let step = name.strip_suffix(".png")?.parse().ok()?;
            (name == format!("{step:06}.png")).then_some(step)
        };
        let mut frames: Vec<(u32, PathBuf)> = entries
            .map(|entry| entry.path())
            .filter_map(|path| step(&path).map(|step| (step, path)))
            .collect();
        frames.sort();
        frames
    }

    /// Returns true if the image at `path` can be decoded.
    pub fn has_image(path: &Path) -> bool {
        decode(path).is_ok()
    }

    /// The digest of all frames, as a record has it among its files.
    ///
    /// # Errors
    /// When one cannot be read.
    pub fn digest_of_frames(&self) -> io::Result<String> {
        digests::of_frames(self.frames().iter().map(|(step, path)| (*step, path.as_path())))
    }

    fn has_files(&self) -> bool {
        ["trace.csv", "final.png", "state.safetensors"].iter().any(|file| self.path().join(file).exists())
    }

    fn check_trace(&self, record: &CellRecord, damages: &mut Vec<Damage>) -> Vec<TraceRow> {
        let file = "trace.csv";
        let rows = match self.trace() {
            Ok(rows) => rows,
            Err(error) => {
                damages.push(Damage::of_error(file, &error));
                return Vec::new();
            }
        };
        let (steps, finite) = match &record.status {
            CellStatus::Finished(outcome) => (Some(outcome.steps), outcome.steps),
            CellStatus::Diverged { at_step, .. } => (None, at_step.saturating_sub(1)),
            CellStatus::Unfinished | CellStatus::Failed { .. } => return rows,
        };
        if let Some(steps) = steps.filter(|steps| rows.len() != *steps as usize) {
            let reason = match rows.len() {
                0 => "is missing or empty".to_owned(),
                rows => format!("has {rows} rows, not one for each of {steps} steps"),
            };
            damages.push(Damage::new(file, reason));
        } else if let Some(step) = first_not_finite(&rows).filter(|step| *step <= finite) {
            damages.push(Damage::new(file, format!("has a loss that is not finite in step {step}")));
        }
        rows
    }

    fn checked_curve(&self, damages: &mut Vec<Damage>) -> Vec<CurveRow> {
        self.curve().unwrap_or_else(|error| {
            if damages.iter().all(|damage| damage.file != CURVE) {
                damages.push(Damage::of_error(CURVE, &error));
            }
            Vec::new()
        })
    }

    /// Images of which no digest is known are decoded.
    fn check_images(&self, record: &CellRecord, damages: &mut Vec<Damage>) {
        if matches!(record.status, CellStatus::Finished(_)) {
            damages.extend(image_damage(&self.final_image(), "final.png"));
        }
        self.check_frames(record, damages);
    }

    /// Frames that are missing or cannot be decoded.
    fn check_frames(&self, record: &CellRecord, damages: &mut Vec<Damage>) {
        let there = self.frames();
        for step in expected_frames(record) {
            if there.binary_search_by_key(&step, |(step, _)| *step).is_err() {
                damages.push(Damage::new(frame_name(step), "is missing"));
            }
        }
        damages.extend(there.iter().filter_map(|(step, path)| image_damage(path, &frame_name(*step))));
    }

    fn compare(&self, record: &CellRecord, file: &str, digest: &str, damages: &mut Vec<Damage>) {
        let is = match file {
            FRAMES => self.digest_of_frames(),
            "trace.csv" | "final.png" | "best.png" | "state.safetensors" => {
                digests::of_file(&self.path().join(file))
            }
            _ => return damages.push(Damage::new("cell.toml", format!("names a file `{file}`"))),
        };
        let before = damages.len();
        match is {
            Ok(is) if is == *digest => return,
            Err(error) if file != FRAMES => return damages.push(Damage::of_io(file, &error)),
            _ if file == FRAMES => self.check_frames(record, damages), // which of them, if that shows
            _ => {}
        }
        if damages.len() == before {
            damages.push(Damage::new(file, if file == FRAMES { FRAMES_DIFFER } else { DIFFERS }));
        }
    }

    /// The evaluation, if it and the mask are as the judges left them.
    fn judged(&self, damages: &mut Vec<Damage>, decode: bool) -> Option<Evaluation> {
        let evaluation = match self.evaluation() {
            Ok(evaluation) => evaluation?,
            Err(error) => {
                damages.push(Damage::of_error("evaluation.toml", &error));
                return None;
            }
        };
        let (mask, name) = (self.mask(), "mask.png");
        match evaluation.files.get(name) {
            Some(digest) => match digests::of_file(&mask) {
                Ok(is) if is == *digest => {}
                Ok(_) => damages.push(Damage::new(name, DIFFERS)),
                Err(error) => damages.push(Damage::of_io(name, &error)),
            },
            None if decode && evaluation.segments.is_some() => damages.extend(image_damage(&mask, name)),
            None => {}
        }
        if let Some(digest) = evaluation.files.get(CURVE) {
            match digests::of_file(&self.curve_path()) {
                Ok(is) if is == *digest => {}
                Ok(_) => damages.push(Damage::new(CURVE, DIFFERS)),
                Err(error) => damages.push(Damage::of_io(CURVE, &error)),
            }
        }
        if let Some(judged) = evaluation.files.get("final.png")
            && let Ok(is) = digests::of_file(&self.final_image())
            && is != *judged
        {
            damages.push(Damage::new("evaluation.toml", "is about another image"));
        }
        Some(evaluation)
    }
}

const DIFFERS: &str = "does not match its digest";
const FRAMES_DIFFER: &str = "do not match their digest";

fn frame_name(step: u32) -> String {
    format!("{FRAMES}/{step:06}.png")
}

/// The steps after which a cell that has ended saved images, as far as its settings tell.
fn expected_frames(record: &CellRecord) -> Vec<u32> {
    let setting = |name: &str| {
        record.dream.get(name).and_then(toml::Value::as_integer).and_then(|value| u32::try_from(value).ok())
    };
    let Some(every @ 1..) = setting("save_every") else { return Vec::new() };
    let (last, whole) = match &record.status {
        CellStatus::Finished(outcome) => (outcome.steps, true),
        CellStatus::Diverged { at_step, .. } => (at_step.saturating_sub(1), false),
        CellStatus::Unfinished | CellStatus::Failed { .. } => return Vec::new(),
    };
    let mut steps: Vec<u32> = (1..=last / every).map(|n| n * every).collect();
    steps.extend((whole && !last.is_multiple_of(every)).then_some(last));
    steps
}

fn image_damage(path: &Path, name: &str) -> Option<Damage> {
    decode(path).err().map(|error| Damage::of_io(name, &error))
}

fn decode(path: &Path) -> io::Result<()> {
    let bytes = read_regular(path, LARGEST_RECORD)?;
    let decoded = ImageReader::with_format(Cursor::new(bytes), ImageFormat::Png).decode();
    decoded.map(drop).map_err(io::Error::other)
}

/// The digests of the files that an evaluation is about or was written with: the image, its mask,
/// the curve.
pub fn judged_files(image: &[u8], mask: Option<&[u8]>, curve: Option<&[u8]>) -> FileDigests {
    let files = [("final.png", Some(image)), ("mask.png", mask), (CURVE, curve)];
    files.into_iter().filter_map(|(name, bytes)| Some((name.to_owned(), sha256(bytes?)))).collect()
}
