//! Names of temporary files, and the removal of those that killed processes left behind.

use std::fs;
use std::path::Path;
use std::time::Duration;

use regular_files::{has_ended, writer};

/// Prefix of the temporary files of a run.
pub(super) const WRITING: &str = ".writing-";
/// Prefix of the temporary files of a report.
pub(super) const ANIMATING: &str = ".animating-";

/// Age from which on a temporary file is nobody's, wherever its process may run.
const OLD: Duration = Duration::from_secs(24 * 3600);

/// The first part of a temporary file's name: it tells the machine and the process that writes it.
pub(super) fn named(prefix: &str) -> String {
    format!("{prefix}{}-", writer())
}

/// Removes temporary files and folders from `folder` whose writers are known to have ended, and all
/// that are older than a day. Whatever a living process may be writing stays, on whichever machine
/// and in whichever container it runs.
pub(super) fn remove(folder: &Path) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let Some(writer) = writer_in(&name.to_string_lossy()).map(str::to_owned) else { continue };
        let age = entry.metadata().ok().and_then(|found| found.modified().ok()?.elapsed().ok());
        if has_ended(&writer) || age.is_some_and(|age| OLD < age) {
            let path = entry.path();
            // What cannot be removed does no harm either.
            let _ = if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) };
        }
    }
}

/// The writer that a temporary file's name tells, empty where it tells none; `None` of other names.
///
/// A run writes `.writing-WRITER-RANDOM`, a report `.animating-WRITER-RANDOM`, a saved state
/// `.state.safetensors.WRITER-RANDOM.tmp`.
fn writer_in(name: &str) -> Option<&str> {
    let rest = [WRITING, ANIMATING].into_iter().find_map(|prefix| name.strip_prefix(prefix));
    let told = match rest {
        Some(rest) => rest,
        None => name.strip_prefix('.')?.strip_suffix(".tmp")?.rsplit('.').next().unwrap_or_default(),
    };
    Some(told.rsplit_once('-').map_or("", |(writer, _)| writer))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_tell_who_writes() {
        let told = writer();
        assert_eq!(writer_in(&format!("{}Xy12", named(WRITING))), Some(told.as_str()));
        let state = regular_files::temporary_beside(Path::new("state.safetensors"));
        assert_eq!(writer_in(state.to_str().unwrap()), Some(told.as_str()));
        assert_eq!(writer_in(".writing-Xy12"), Some(""), "of an older version");
        assert_eq!(writer_in("trace.csv"), None);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn removes_what_the_dead_and_what_yesterday_left_and_nothing_of_the_living() {
        let folder = tempfile::tempdir().unwrap();
        let mut child = std::process::Command::new("true").spawn().unwrap();
        let dead = child.id();
        child.wait().unwrap();
        let mut alive = std::process::Command::new("sleep").arg("60").spawn().unwrap();
        let yesterday = std::time::SystemTime::now() - 2 * OLD;
        let make = |name: &str, is_old: bool| {
            let file = fs::File::create(folder.path().join(name)).unwrap();
            if is_old {
                file.set_modified(yesterday).unwrap();
            }
            name.to_owned()
        };
        let ours = writer();
        let machine = ours.rsplit_once('-').unwrap().0;
        let name = machine.rsplit_once('-').unwrap().0;
        let mut stay = vec![
            make(&format!(".writing-{machine}-{}-a", alive.id()), false),
            make(&format!(".writing-{ours}-b"), false),
            make(".writing-elsewhere-1-c", false),
            // A container of the same name counts processes of its own.
            make(&format!(".writing-{name}-0badcafe-{dead}-j"), false),
            make(&format!(".state.safetensors.{name}-0badcafe-{dead}-k.tmp"), false),
            make(&format!(".state.safetensors.{name}-{dead}.tmp"), false),
            make(".writing-d", false),
            make("trace.csv", true),
        ];
        make(&format!(".writing-{machine}-{dead}-e"), false);
        make(&format!(".animating-{machine}-{dead}-f"), false);
        make(&format!(".state.safetensors.{machine}-{dead}-l.tmp"), false);
        make(".writing-elsewhere-1-g", true);
        make(".writing-h", true);
        fs::create_dir(folder.path().join(format!(".writing-{machine}-{dead}-i"))).unwrap();
        remove(folder.path());
        alive.kill().unwrap();
        alive.wait().unwrap();
        let names = fs::read_dir(folder.path()).unwrap();
        let mut names: Vec<_> =
            names.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        stay.sort();
        assert_eq!(names, stay);
    }
}
