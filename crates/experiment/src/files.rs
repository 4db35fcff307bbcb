//! The files of optimizers in Python: read once, and kept with the results by their content.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use miette::Diagnostic;
use optim_python::{AnyOptimizer, PythonSettings, PythonSource};
use records::{read_regular, sha256};
use thiserror::Error;
use toml_edit::{DocumentMut, Item, TableLike, Value};

use crate::{Experiment, Variant, kept};

/// The largest file of an optimizer, in bytes.
const LARGEST_FILE: u64 = 4 << 20;

/// The file of an optimizer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PythonFile {
    /// Its path, as the experiment states it.
    pub stated: PathBuf,
    /// SHA-256 of its content, in hexadecimal.
    pub sha256: String,
    /// Its content.
    pub text: Arc<str>,
}

/// A file of an optimizer that cannot be used.
#[derive(Debug, Error, Diagnostic)]
#[error("the file of the optimizer `{optimizer}` cannot be read: `{}`", printable::path(path))]
#[diagnostic(help(
    "`python` is a path from the experiment's folder and a class, such as optimizers/mine.py:Mine, or the name of an \
     installed class, such as torch.optim.Adam"
))]
pub struct PythonFileError {
    optimizer: String,
    path: PathBuf,
    source: io::Error,
}

impl PythonFile {
    /// Its place in a results folder: a path from there.
    pub fn kept(&self) -> PathBuf {
        kept::kept(&self.sha256, &self.stated, "optimizer.py")
    }
}

impl Experiment {
    /// Reads the files of optimizers in Python, whose paths are relative to `folder`, that of the
    /// experiment's file. From then on the optimizers have their content, and paths as a results
    /// folder keeps them.
    ///
    /// # Errors
    /// Those that are no regular files of UTF-8, cannot be read, or have more than 4 MiB.
    pub fn read_python(&mut self, folder: &Path) -> Result<Vec<PythonFile>, PythonFileError> {
        let mut files: Vec<PythonFile> = Vec::new();
        let also = self.tuning.iter_mut().flat_map(|tuning| &mut tuning.also);
        for Variant { settings, .. } in self.optimizers.iter_mut().chain(also) {
            let AnyOptimizer::Python { name, settings } = settings else { continue };
            let PythonSettings { python: PythonSource::File { path, .. }, sha256, text, .. } = settings
            else {
                continue;
            };
            let known = files.iter().find(|file| file.stated == *path).cloned();
            let file = match known {
                Some(file) => file,
                None => read(name, path, folder)?,
            };
            *path = file.kept();
            (*sha256, *text) = (Some(file.sha256.clone()), Some(Arc::clone(&file.text)));
            if !files.contains(&file) {
                files.push(file);
            }
        }
        Ok(files)
    }
}

fn read(optimizer: &str, stated: &Path, folder: &Path) -> Result<PythonFile, PythonFileError> {
    let path = folder.join(stated);
    let failed = |source| PythonFileError { optimizer: optimizer.to_owned(), path: path.clone(), source };
    let bytes = read_regular(&path, LARGEST_FILE).map_err(failed)?;
    let sha256 = sha256(&bytes);
    let text = String::from_utf8(bytes)
        .map_err(|error| failed(io::Error::new(io::ErrorKind::InvalidData, error.utf8_error())))?;
    Ok(PythonFile { stated: stated.to_owned(), sha256, text: text.into() })
}

/// The text of an experiment whose optimizers have their files where a results folder keeps them; a
/// text that is not TOML stays as it is.
pub fn with_kept_files(text: &str, files: &[PythonFile]) -> String {
    let Ok(mut document) = text.parse::<DocumentMut>() else { return text.to_owned() };
    if files.is_empty() {
        return text.to_owned();
    }
    for tables in [&["optimizer"][..], &["tuning", "also"]] {
        let mut table: Option<&mut dyn TableLike> = Some(document.as_table_mut());
        for name in tables {
            table = table.and_then(|table| table.get_mut(name)?.as_table_like_mut());
        }
        for (_, entry) in table.into_iter().flat_map(|entries| entries.iter_mut()) {
            let source = entry.as_table_like_mut().and_then(|entry| entry.get_mut("python"));
            if let Some(Item::Value(value)) = source {
                keep(value, files);
            }
        }
    }
    document.to_string()
}

fn keep(value: &mut Value, files: &[PythonFile]) {
    if let Value::Array(values) = value {
        return values.iter_mut().for_each(|value| keep(value, files));
    }
    let source = value.as_str().and_then(|text| text.parse::<PythonSource>().ok());
    let Some(PythonSource::File { path, class }) = source else { return };
    let Some(file) = files.iter().find(|file| file.stated == path) else { return };
    kept::replace(value, format!("{}:{class}", kept::slashed(&file.kept())));
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn experiment(optimizers: &str) -> Experiment {
        let text = format!("name = \"e\"\nmodels = [\"m\"]\nprompts = [\"a\"]\n{optimizers}\n");
        Experiment::parse("e.toml", &text).map_err(|error| error.to_string()).unwrap()
    }

    #[test]
    fn the_kept_experiment_names_the_kept_files_however_optimizers_are_written() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("deep")).unwrap();
        fs::write(folder.path().join("deep/b.py"), "1").unwrap();
        for optimizers in [
            "[optimizer]\nadam = {}\nmine = { python = \"deep/b.py:B\" } # a comment",
            "[optimizer.mine]\npython = [\"deep/b.py:B\"]\n[optimizer.soap]\npython = \"a.B\"",
            "optimizer.mine.python = 'deep/b.py:B'",
        ] {
            let mut from = experiment(optimizers);
            let files = from.read_python(folder.path()).unwrap();
            assert_eq!(files.len(), 1, "{optimizers}");
            let kept = with_kept_files(&from.text, &files);
            assert!(kept.contains("inputs/6b86b273ff34fce1/b.py:B"), "{kept}");
            assert_eq!(kept.contains('#'), optimizers.contains('#'));
            assert_eq!(kept.lines().count(), from.text.lines().count(), "{kept}");
            Experiment::parse("e.toml", &kept).unwrap();
        }
    }

    #[test]
    fn a_cell_depends_on_the_content_of_its_optimizers_file_and_not_on_its_place() {
        let folder = tempfile::tempdir().unwrap();
        let content = |file: &str, name: &str, text: &str| {
            fs::write(folder.path().join(file), text).unwrap();
            let mut from = experiment(&format!("optimizer.{name}.python = '{file}:B'"));
            from.read_python(folder.path()).unwrap();
            from.optimizers[0].settings.content().unwrap()
        };
        let first = content("a.py", "one", "1");
        assert_eq!(content("b.py", "other", "1"), first);
        assert_ne!(content("a.py", "one", "2"), first);
    }

    #[test]
    fn a_file_that_is_not_there_is_named_with_its_optimizer() {
        let folder = tempfile::tempdir().unwrap();
        let error = experiment("optimizer.mine.python = 'no.py:B'").read_python(folder.path()).unwrap_err();
        let said = error.to_string().replace(&folder.path().display().to_string(), "…");
        insta::assert_snapshot!(said, @"the file of the optimizer `mine` cannot be read: `…/no.py`");
    }
}
