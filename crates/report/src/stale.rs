//! Tables and figures of an earlier report that a new one no longer has, such as the second page of
//! a figure.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Component, Path};

use records::{LARGEST_RECORD, RecordError, read_regular, sha256, write_atomically};

/// The list of the files that a report wrote, with their digests: what `sha256sum --check` reads.
const LIST: &str = ".report-files";

/// The folders of a results folder that have a report's files.
const FOLDERS: [&str; 2] = ["plots", "tables"];

/// The digests of a report's files by their paths below the results folder.
pub(super) type Digests = BTreeMap<String, String>;

/// Removes what the report of before wrote and this one, of `files`, did not; keeps the list for
/// the next.
///
/// A file that is not as that report left it is somebody else's by now, and stays.
///
/// # Errors
/// When a file cannot be removed, or the list cannot be written.
pub(super) fn replace(results: &Path, files: &Digests) -> Result<(), RecordError> {
    for (name, digest) in &listed(results) {
        let path = results.join(name);
        if !files.contains_key(name) && is_as_left(&path, digest) {
            fs::remove_file(&path).map_err(|source| RecordError::Write { path, source })?;
        }
    }
    let lines = files.iter().map(|(name, digest)| format!("{digest}  {name}\n"));
    write_atomically(&results.join(LIST), lines.collect::<String>().as_bytes())
}

/// The files that an earlier report wrote, as far as its list tells.
fn listed(results: &Path) -> Digests {
    let bytes = read_regular(&results.join(LIST), LARGEST_RECORD).unwrap_or_default();
    let text = String::from_utf8_lossy(&bytes);
    let entry = |line: &str| {
        let (digest, name) = line.split_once("  ")?;
        is_of_report(name).then(|| (name.to_owned(), digest.to_owned()))
    };
    text.lines().filter_map(entry).collect()
}

/// Returns true if the path is that of a file right below one of [`FOLDERS`].
fn is_of_report(name: &str) -> bool {
    let parts: Vec<_> = Path::new(name).components().collect();
    match parts[..] {
        [Component::Normal(folder), Component::Normal(_)] => FOLDERS.iter().any(|known| folder == *known),
        _ => false,
    }
}

/// Returns true if it is a file, and no link, with this content.
fn is_as_left(path: &Path, digest: &str) -> bool {
    path.symlink_metadata().is_ok_and(|found| found.is_file())
        && read_regular(path, LARGEST_RECORD).is_ok_and(|bytes| sha256(&bytes) == digest)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(results: &Path, name: &str, bytes: &str) -> (String, String) {
        let path = results.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
        (name.to_owned(), sha256(bytes.as_bytes()))
    }

    #[test]
    fn removes_what_the_report_before_wrote_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let results = folder.path();
        let names = ["plots/judge-2.png", "plots/judge.png", "plots/edited.svg", "tables/gone.csv"];
        let first: Digests = names.map(|name| write(results, name, name)).into();
        replace(results, &first).unwrap();
        write(results, "plots/edited.svg", "by somebody");
        write(results, "plots/judge-3.png", "by somebody");
        let second = Digests::from([write(results, "plots/judge.png", "again")]);
        replace(results, &second).unwrap();
        let there = |name: &str| results.join(name).exists();
        assert!(!there("plots/judge-2.png") && !there("tables/gone.csv"));
        assert!(there("plots/judge.png") && there("plots/edited.svg") && there("plots/judge-3.png"));
        replace(results, &second).unwrap();
        assert!(there("plots/judge.png"));
    }

    #[test]
    fn a_list_that_names_others_removes_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let results = folder.path();
        let names = [
            "cell.toml",
            "cells/a/final.png",
            "plots/deep/a.png",
            "plots/../cell.toml",
            "../outside",
            "/plots/a",
        ];
        let digest = sha256(b"kept");
        for name in ["cell.toml", "cells/a/final.png", "plots/deep/a.png"] {
            write(results, name, "kept");
        }
        let list: String = names.iter().map(|name| format!("{digest}  {name}\n")).collect();
        fs::write(results.join(LIST), list + "no list\n\u{fffd}").unwrap();
        replace(results, &Digests::new()).unwrap();
        assert!(
            ["cell.toml", "cells/a/final.png", "plots/deep/a.png"]
                .iter()
                .all(|name| results.join(name).exists())
        );
    }
}
