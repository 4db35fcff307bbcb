//! What a results folder records of a run besides its cells.

use std::path::Path;

use experiment::PromptImage;
use miette::{IntoDiagnostic, Result, WrapErr};
use records::{FileDigests, LARGEST_RECORD, PUBLISHED, read_regular, sha256, write_atomically};

use super::Run;
use crate::commands::{environment, study};

impl Run<'_> {
    /// Writes what is known before the first cell, once it is known that the folder can take it. Returns the digests that the
    /// plan records.
    pub(super) fn files(&self) -> Result<FileDigests> {
        if let Some(files) = self.files.get() {
            return Ok(files.clone());
        }
        let folder = self.results.path();
        keep(folder, self.images)?;
        let resolved = study::resolved(self.experiment, self.images);
        write_atomically(&folder.join("experiment.toml"), resolved.as_bytes()).into_diagnostic()?;
        self.results.write_published(self.published).into_diagnostic()?;
        let environment = environment::of(self.identity, self.judges, self.devices);
        self.results.write_environment(&environment).into_diagnostic()?;
        self.log.write_to(&folder.join("run.log")).into_diagnostic().wrap_err("the log cannot be written")?;
        let mut files = FileDigests::from([("experiment.toml".to_owned(), sha256(resolved.as_bytes()))]);
        files.extend(self.published.map(|table| (PUBLISHED.to_owned(), sha256(table.text.as_bytes()))));
        Ok(self.files.get_or_init(|| files).clone())
    }
}

/// Copies the images of prompts into the results folder, as far as they are not there.
fn keep(folder: &Path, images: &[PromptImage]) -> Result<()> {
    for image in images {
        let path = folder.join(image.kept());
        if !read_regular(&path, LARGEST_RECORD).is_ok_and(|bytes| bytes == image.bytes) {
            write_atomically(&path, &image.bytes).into_diagnostic()?;
        }
    }
    Ok(())
}
