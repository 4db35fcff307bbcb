//! Names of temporary files, and the removal of those that killed processes left behind.

use std::fs;
use std::path::Path;
use std::process;
use std::sync::OnceLock;
use std::time::Duration;

/// Prefix of the temporary files of a run.
pub(super) const WRITING: &str = ".writing-";
/// Prefix of the temporary files of a report.
pub(super) const ANIMATING: &str = ".animating-";

/// Age from which on a temporary file is nobody's, wherever its process may run.
const OLD: Duration = Duration::from_secs(24 * 3600);

/// The first part of a temporary file's name: it tells the machine and the process that writes it.
pub(super) fn named(prefix: &str) -> String {
    format!("{prefix}{}-{}-", host(), process::id())
}

/// Removes temporary files and folders from `folder` that processes of this machine left which are
/// dead, and all that are older than a day. Those of living processes, and younger ones of other
/// machines, stay.
pub(super) fn remove(folder: &Path) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let Some(writer) = writer(&name.to_string_lossy()) else { continue };
        let age = entry.metadata().ok().and_then(|found| found.modified().ok()?.elapsed().ok());
        if writer.is_some_and(|(host, process)| is_dead(&host, process)) || age.is_some_and(|age| OLD < age) {
            let path = entry.path();
            // What cannot be removed does no harm either.
            let _ = if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) };
        }
    }
}

/// Of a temporary file's name, the machine and the process that wrote it, if it tells; nothing of
/// other names.
///
/// A run writes `.writing-HOST-PROCESS-…`, a report `.animating-HOST-PROCESS-…`, a saved state
/// `.state.safetensors.HOST-PROCESS.tmp`.
fn writer(name: &str) -> Option<Option<(String, u32)>> {
    let rest = [WRITING, ANIMATING].into_iter().find_map(|prefix| name.strip_prefix(prefix));
    let told = match rest {
        Some(rest) => rest.rsplit_once('-').map_or("", |(told, _)| told),
        None => name.strip_prefix('.')?.strip_suffix(".tmp")?.rsplit('.').next().unwrap_or_default(),
    };
    let parts = told.rsplit_once('-');
    Some(parts.and_then(|(host, process)| Some((host.to_owned(), process.parse().ok()?))))
}

fn is_dead(machine: &str, process: u32) -> bool {
    // Only Linux says without further ado which processes live.
    let tells = Path::new("/proc/self").exists();
    tells
        && machine == host()
        && process != process::id()
        && !Path::new("/proc").join(process.to_string()).exists()
}

/// The machine's name, in letters and digits.
fn host() -> &'static str {
    static HOST: OnceLock<String> = OnceLock::new();
    HOST.get_or_init(|| {
        let name = fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
        let letters: String = name.chars().filter(char::is_ascii_alphanumeric).take(60).collect();
        if letters.is_empty() { "unnamed".to_owned() } else { letters }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_tell_who_writes() {
        let told = Some((host().to_owned(), process::id()));
        assert_eq!(writer(&format!("{}Xy12", named(WRITING))), Some(told.clone()));
        let state = format!(".state.safetensors.{}-{}.tmp", host(), process::id());
        assert_eq!(writer(&state), Some(told));
        assert_eq!(writer(".writing-Xy12"), Some(None), "of an older version");
        assert_eq!(writer("trace.csv"), None);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn removes_what_the_dead_and_what_yesterday_left_and_nothing_of_the_living() {
        let folder = tempfile::tempdir().unwrap();
        let mut child = process::Command::new("true").spawn().unwrap();
        let dead = child.id();
        child.wait().unwrap();
        let mut alive = process::Command::new("sleep").arg("60").spawn().unwrap();
        let yesterday = std::time::SystemTime::now() - 2 * OLD;
        let make = |name: &str, is_old: bool| {
            let file = fs::File::create(folder.path().join(name)).unwrap();
            if is_old {
                file.set_modified(yesterday).unwrap();
            }
            name.to_owned()
        };
        let mut stay = vec![
            make(&format!(".writing-{}-{}-a", host(), alive.id()), false),
            make(&format!(".writing-{}-{}-b", host(), process::id()), false),
            make(".writing-elsewhere-1-c", false),
            make(".writing-d", false),
            make("trace.csv", true),
        ];
        make(&format!(".writing-{}-{dead}-e", host()), false);
        make(&format!(".animating-{}-{dead}-f", host()), false);
        make(&format!(".state.safetensors.{}-{dead}.tmp", host()), false);
        make(".writing-elsewhere-1-g", true);
        make(".writing-h", true);
        fs::create_dir(folder.path().join(format!(".writing-{}-{dead}-i", host()))).unwrap();
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
