//! Temporary files that processes of several machines write into one folder: names that tell the
//! writer, and whether that writer is known to be dead.

use std::ffi::OsStr;
use std::fs;
use std::hash::{BuildHasher, DefaultHasher, Hash, Hasher, RandomState};
use std::path::{Path, PathBuf};
use std::process;
use std::sync::OnceLock;

/// The longest part of a machine's name that a file name repeats.
const LONGEST_NAME: usize = 60;

/// This process, as names of temporary files tell it: `MACHINE-IDENTITY-PROCESS`.
///
/// The identity tells machines and containers of the same name apart: it is a digest of the boot
/// and of the namespace in which process ids count.
pub fn writer() -> String {
    format!("{}-{}", machine(), process::id())
}

/// A temporary name beside `path`, such as `.state.safetensors.WRITER-RANDOM.tmp`. No two calls
/// give the same.
pub fn temporary_beside(path: &Path) -> PathBuf {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let random = RandomState::new().build_hasher().finish();
    path.with_file_name(format!(".{name}.{}-{random:016x}.tmp", writer()))
}

/// Returns true if `writer` names a process that is known to have ended: one of this boot of this
/// machine, counted in the namespace of this process, under whose id nothing runs.
pub fn has_ended(writer: &str) -> bool {
    let Some((of, process)) = writer.rsplit_once('-') else { return false };
    identity().is_some() && of == machine() && process.parse().is_ok_and(nothing_runs_as)
}

#[cfg(unix)]
fn nothing_runs_as(process: i32) -> bool {
    use rustix::process::{Pid, test_kill_process};

    // Unlike `/proc`, which may hide others' processes, signals tell missing from foreign ones.
    Pid::from_raw(process).is_some_and(|process| test_kill_process(process) == Err(rustix::io::Errno::SRCH))
}

#[cfg(not(unix))]
fn nothing_runs_as(_: i32) -> bool {
    false
}

fn machine() -> &'static str {
    static MACHINE: OnceLock<String> = OnceLock::new();
    MACHINE.get_or_init(|| {
        let name = fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
        let allowed = |c: &char| c.is_ascii_alphanumeric() || *c == '-';
        let name: String = name.chars().filter(allowed).take(LONGEST_NAME).collect();
        format!("{name}-{}", identity().unwrap_or("unknown"))
    })
}

/// The digest that tells machines of one name apart; none where the system does not tell.
fn identity() -> Option<&'static str> {
    static IDENTITY: OnceLock<Option<String>> = OnceLock::new();
    let of_system = || {
        let boot = fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
        let namespace = fs::read_link("/proc/self/ns/pid").ok()?;
        Some(digest(&boot, namespace.as_os_str()))
    };
    IDENTITY.get_or_init(of_system).as_deref()
}

fn digest(boot: &str, namespace: &OsStr) -> String {
    let mut hasher = DefaultHasher::new();
    (boot, namespace).hash(&mut hasher);
    format!("{:08x}", hasher.finish() >> 32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_never_repeated_and_tell_the_writer() {
        let path = Path::new("folder/state.safetensors");
        let names: Vec<PathBuf> = (0..100).map(|_| temporary_beside(path)).collect();
        let distinct: std::collections::BTreeSet<_> = names.iter().collect();
        assert_eq!(distinct.len(), names.len());
        let prefix = format!("folder/.state.safetensors.{}-", writer());
        assert!(names.iter().all(|name| name.to_str().is_some_and(|name| name.starts_with(&prefix))));
    }

    #[test]
    fn boots_and_namespaces_of_one_machine_name_differ() {
        let of = |boot: &str, namespace: &str| digest(boot, OsStr::new(namespace));
        assert_eq!(of("a", "pid:[1]"), of("a", "pid:[1]"));
        assert_ne!(of("a", "pid:[1]"), of("b", "pid:[1]"));
        assert_ne!(of("a", "pid:[1]"), of("a", "pid:[2]"));
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn only_processes_counted_here_are_known_to_have_ended() {
        let mut child = process::Command::new("true").spawn().expect("there is a `true`");
        let id = child.id();
        child.wait().expect("it ends");
        assert!(has_ended(&format!("{}-{id}", machine())));
        assert!(!has_ended(&writer()), "this process lives");
        assert!(!has_ended(&format!("{}-1", machine())), "so does the first one, whoever's it is");
        for other in ["elsewhere-0badcafe", &machine().replace('-', ""), &format!("{}0", machine())] {
            assert!(!has_ended(&format!("{other}-{id}")), "{other}");
        }
        assert!(!has_ended("") && !has_ended("-") && !has_ended(&format!("{}-none", machine())));
    }
}
