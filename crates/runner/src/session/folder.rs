//! The results folder of a run.

use std::path::{Path, PathBuf};

use experiment::plan::Shard;
use miette::{IntoDiagnostic, Result, WrapErr, miette};
use records::{
    FileDigests, LARGEST_RECORD, PUBLISHED, ResultsFolder, counted, read_regular, sha256, write_atomically,
    write_unless_same,
};

use super::{Session, environment};

impl Session<'_> {
    /// Writes what is known before the first cell, once it is known that the folder can take it.
    /// Returns the digests that the plan records.
    pub(super) fn files(&self) -> Result<FileDigests> {
        if let Some(files) = self.files.get() {
            return Ok(files.clone());
        }
        let (study, folder) = (self.study, self.results.path());
        for image in &study.images {
            keep(&folder.join(image.kept()), &image.bytes)?;
        }
        for file in &study.python_files {
            keep(&folder.join(file.kept()), file.text.as_bytes())?;
        }
        let resolved = study.resolved();
        write_unless_same(&folder.join("experiment.toml"), resolved.as_bytes()).into_diagnostic()?;
        self.results.write_published(study.published.as_ref()).into_diagnostic()?;
        let environment = environment::of(self.identity, &self.judges, &study.devices, &self.python);
        self.results.write_environment(&environment).into_diagnostic()?;
        let log = self.with.log.write_to(&folder.join(log_of(study.shard())));
        log.into_diagnostic().wrap_err("the log cannot be written")?;
        let mut files = FileDigests::from([("experiment.toml".to_owned(), sha256(resolved.as_bytes()))]);
        let images = study.images.iter();
        files.extend(images.filter_map(|image| Some((slashed(&image.kept())?, sha256(&image.bytes)))));
        let python = study.python_files.iter();
        files.extend(python.filter_map(|file| Some((slashed(&file.kept())?, file.sha256.clone()))));
        let published = study.published.as_ref();
        files.extend(published.map(|table| (PUBLISHED.to_owned(), sha256(table.text.as_bytes()))));
        Ok(self.files.get_or_init(|| files).clone())
    }
}

/// The log of a whole run, or of a shard: what several processes append to one file over a network
/// may overwrite each other.
fn log_of(shard: Option<Shard>) -> PathBuf {
    match shard {
        None => PathBuf::from("run.log"),
        Some(Shard { index, of }) => Path::new("logs").join(format!("shard-{index}-of-{of}.log")),
    }
}

/// A path as records have it, written alike on every system; none of one that is no text.
fn slashed(path: &Path) -> Option<String> {
    let parts: Option<Vec<&str>> = path.components().map(|part| part.as_os_str().to_str()).collect();
    Some(parts?.join("/"))
}

/// Writes a file that the experiment names into the results folder, unless it is there.
fn keep(path: &Path, content: &[u8]) -> Result<()> {
    if read_regular(path, LARGEST_RECORD).is_ok_and(|bytes| bytes == content) {
        return Ok(());
    }
    write_atomically(path, content).into_diagnostic()
}

pub(super) fn moved_cells(count: usize) -> Option<String> {
    let verb = if count == 1 { "is" } else { "are" };
    (count > 0).then(|| {
        format!("{} that {verb} called otherwise now: moved, not computed again", counted(count, "cell"))
    })
}

/// Says which cells lie in the folder and are no part of the experiment.
pub(super) fn unused_cells(folder: &Path, places: &[String]) -> Option<String> {
    const NAMED: usize = 3;
    let named = places.iter().take(NAMED).map(String::as_str).collect::<Vec<_>>().join(", ");
    let more = match places.len().saturating_sub(NAMED) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let (count, folder) = (counted(places.len(), "cell"), printable::path(&folder.join("cells")));
    (!places.is_empty())
        .then(|| format!("not in the experiment, and kept in `{folder}`: {count} ({named}{more})"))
}

/// Fails where the results folder has been removed while its cells were computed.
pub(super) fn still_there(results: &ResultsFolder) -> Result<()> {
    if results.is_there() {
        return Ok(());
    }
    Err(miette!(
        help = "the same command computes it anew",
        "the results folder `{}` was removed while its cells were computed: they are lost",
        printable::path(results.path())
    ))
}
