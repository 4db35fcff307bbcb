use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use experiment::plan::Shard;
use miette::Diagnostic;
use records::{has_no_locks, open_untruncated};
use thiserror::Error;

/// Keeps other runs out of a results folder as long as it lives.
///
/// A whole run locks `.lock` for itself. Shards of one experiment may run at the same time, also on
/// several machines that share the folder: each shares `.lock` and has `.lock-2-of-3` for itself.
/// The system frees the locks of a process that dies.
#[derive(Debug)]
pub struct FolderLock {
    _files: Vec<File>,
}

/// A results folder that cannot be had.
#[derive(Debug, Error, Diagnostic)]
#[expect(missing_docs, reason = "the messages say it")]
pub enum LockError {
    #[error("another run is using `{}`", printable::path(folder))]
    #[diagnostic(help("wait for it, or choose another results folder with --out"))]
    Taken { folder: PathBuf },
    #[error("another run is using shard {index}/{of} of `{}`", printable::path(folder))]
    #[diagnostic(help("wait for it, or take another of the {of} shards"))]
    ShardTaken { folder: PathBuf, index: usize, of: usize },
    #[error("a run with a different number of shards is using `{}`: {other}", printable::path(folder))]
    #[diagnostic(help("all shards of a folder must be i/n with the same n"))]
    OtherDivision { folder: PathBuf, other: String },
    #[error("another process has been making the report of `{}` for an hour", printable::path(folder))]
    #[diagnostic(help(
        "it holds the lock of `{}`: end it, or try again when it has ended",
        printable::path(path)
    ))]
    ReportTaken { folder: PathBuf, path: PathBuf },
    #[error("failed to lock `{}`", printable::path(path))]
    Io { path: PathBuf, source: io::Error },
}

impl FolderLock {
    /// Takes `folder` or a shard of it, and waits `longest` at most while another run has it. Calls
    /// `waiting` once if it has to wait; ends early, with the error, once `stopped` says so.
    ///
    /// # Errors
    /// When another run has it still.
    pub fn wait(
        folder: &Path,
        shard: Option<Shard>,
        longest: Duration,
        waiting: impl FnOnce(&LockError),
        stopped: impl Fn() -> bool,
    ) -> Result<Self, LockError> {
        let (begun, mut waiting) = (Instant::now(), Some(waiting));
        loop {
            let taken = match Self::take(folder, shard) {
                Err(error) if error.is_temporary() => error,
                ended => return ended,
            };
            if longest <= begun.elapsed() || stopped() {
                return Err(taken);
            }
            if let Some(waiting) = waiting.take() {
                waiting(&taken);
            }
            thread::sleep(Duration::from_millis(100));
        }
    }

    /// Locks `folder`, which is made if it is missing, or a shard of it.
    ///
    /// # Errors
    /// When another run has it.
    pub fn take(folder: &Path, shard: Option<Shard>) -> Result<Self, LockError> {
        fs::create_dir_all(folder).map_err(|source| LockError::Io { path: folder.to_owned(), source })?;
        let taken = || LockError::Taken { folder: folder.to_owned() };
        let Some(Shard { index, of }) = shard else {
            let whole = locked(&folder.join(".lock"), File::try_lock)?.ok_or_else(taken)?;
            return Ok(Self { _files: vec![whole] });
        };
        let shared = locked(&folder.join(".lock"), File::try_lock_shared)?.ok_or_else(taken)?;
        let ours = format!(".lock-{index}-of-{of}");
        let shard_taken = || LockError::ShardTaken { folder: folder.to_owned(), index, of };
        let own = locked(&folder.join(ours), File::try_lock)?.ok_or_else(shard_taken)?;
        refuse_other_divisions(folder, of)?;
        Ok(Self { _files: vec![shared, own] })
    }
}

impl LockError {
    /// Returns true if another run is at work, which ends some time.
    pub fn is_temporary(&self) -> bool {
        match self {
            Self::Taken { .. } | Self::ShardTaken { .. } | Self::OtherDivision { .. } => true,
            Self::ReportTaken { .. } | Self::Io { .. } => false,
        }
    }
}

/// Keeps other processes from making the report of a results folder as long as it lives.
///
/// Shards end at their own times, each with a report of what there is by then. One after the other,
/// the last has them all.
#[derive(Debug)]
pub struct ReportLock {
    _file: File,
}

impl ReportLock {
    /// Waits until nobody else makes the report, an hour at most. Calls `waiting` with the lock's
    /// path once, if another process holds it.
    ///
    /// # Errors
    /// When the lock's file cannot be made, or the other does not come to an end.
    pub fn wait(folder: &Path, waiting: impl FnOnce(&Path)) -> Result<Self, LockError> {
        let path = folder.join(REPORT_LOCK);
        if let Some(file) = locked(&path, File::try_lock)? {
            return Ok(Self { _file: file });
        }
        waiting(&path);
        let begun = Instant::now();
        while begun.elapsed() < LONGEST_WAIT {
            thread::sleep(Duration::from_millis(100));
            if let Some(file) = locked(&path, File::try_lock)? {
                return Ok(Self { _file: file });
            }
        }
        Err(LockError::ReportTaken { folder: folder.to_owned(), path })
    }
}

const REPORT_LOCK: &str = ".report-lock";

/// A report of ten thousand cells takes minutes.
const LONGEST_WAIT: Duration = Duration::from_secs(3600);

fn refuse_other_divisions(folder: &Path, of: usize) -> Result<(), LockError> {
    let entries = fs::read_dir(folder).map_err(|source| LockError::Io { path: folder.to_owned(), source })?;
    for name in entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok()) {
        let Some(other) = name.strip_prefix(".lock-") else { continue };
        if !other.ends_with(&format!("-of-{of}")) && locked(&folder.join(&name), File::try_lock)?.is_none() {
            let other = other.replace("-of-", "/");
            return Err(LockError::OtherDivision { folder: folder.to_owned(), other });
        }
    }
    Ok(())
}

/// The locked file; `None` when another process has it.
fn locked(path: &Path, lock: impl Fn(&File) -> Result<(), TryLockError>) -> Result<Option<File>, LockError> {
    let io_error = |source| LockError::Io { path: path.to_owned(), source };
    let file = open_untruncated(path).map_err(io_error)?;
    match lock(&file) {
        Ok(()) => Ok(Some(file)),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(source)) if has_no_locks(&source) => {
            tracing::warn!(path = %path.display(), "this file system has no locks: do not run twice at once");
            Ok(Some(file))
        }
        Err(TryLockError::Error(source)) => Err(io_error(source)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shard(index: usize, of: usize) -> Option<Shard> {
        Some(Shard { index, of })
    }

    #[test]
    fn a_whole_run_excludes_all_others() {
        let folder = tempfile::tempdir().unwrap();
        let first = FolderLock::take(folder.path(), None).unwrap();
        assert!(matches!(FolderLock::take(folder.path(), None), Err(LockError::Taken { .. })));
        assert!(matches!(FolderLock::take(folder.path(), shard(1, 2)), Err(LockError::Taken { .. })));
        drop(first);
        FolderLock::take(folder.path(), None).unwrap();
    }

    /// As a hostile or a careless hand leaves it: what a link points to is somebody else's.
    #[cfg(unix)]
    #[test]
    fn refuses_links_and_keeps_what_they_point_to() {
        let folder = tempfile::tempdir().unwrap();
        let (precious, results) = (folder.path().join("precious"), folder.path().join("results"));
        fs::write(&precious, "precious").unwrap();
        fs::create_dir(&results).unwrap();
        for lock in [".lock", ".report-lock"] {
            std::os::unix::fs::symlink(&precious, results.join(lock)).unwrap();
        }
        let error = FolderLock::take(&results, None).unwrap_err();
        assert!(matches!(error, LockError::Io { .. }), "{error}");
        let error = ReportLock::wait(&results, |_| {}).unwrap_err();
        assert!(matches!(error, LockError::Io { .. }), "{error}");
        assert_eq!(fs::read_to_string(&precious).unwrap(), "precious");
    }

    #[test]
    fn a_lock_is_not_truncated() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join(".lock"), "kept").unwrap();
        drop(FolderLock::take(folder.path(), None).unwrap());
        assert_eq!(fs::read_to_string(folder.path().join(".lock")).unwrap(), "kept");
    }

    #[test]
    fn waits_for_a_shard_that_is_taken_but_not_for_ever() {
        let folder = tempfile::tempdir().unwrap();
        let held = std::cell::RefCell::new(Some(FolderLock::take(folder.path(), shard(1, 2)).unwrap()));
        let short = Duration::from_millis(1);
        let taken = FolderLock::wait(folder.path(), shard(1, 2), short, |_| {}, || false).unwrap_err();
        assert!(matches!(taken, LockError::ShardTaken { .. }), "{taken}");
        let long = Duration::from_secs(600);
        let stopped = FolderLock::wait(folder.path(), shard(1, 2), long, |_| {}, || true).unwrap_err();
        assert!(stopped.is_temporary(), "{stopped}");
        let freed = |taken: &LockError| {
            assert!(taken.is_temporary(), "{taken}");
            held.take(); // the other comes to its end
        };
        FolderLock::wait(folder.path(), shard(1, 2), long, freed, || false).unwrap();
    }

    #[test]
    fn says_for_whom_a_report_waits() {
        let folder = tempfile::tempdir().unwrap();
        let held = std::cell::RefCell::new(Some(ReportLock::wait(folder.path(), |_| {}).unwrap()));
        let told = std::cell::Cell::new(false);
        ReportLock::wait(folder.path(), |path| {
            told.set(path.ends_with(".report-lock"));
            held.take(); // the other comes to its end
        })
        .unwrap();
        assert!(told.get());
    }

    #[test]
    fn shards_of_one_division_share_a_folder() {
        let folder = tempfile::tempdir().unwrap();
        let _first = FolderLock::take(folder.path(), shard(1, 2)).unwrap();
        let _second = FolderLock::take(folder.path(), shard(2, 2)).unwrap();
        assert!(matches!(FolderLock::take(folder.path(), shard(1, 2)), Err(LockError::ShardTaken { .. })));
        assert!(matches!(FolderLock::take(folder.path(), shard(3, 3)), Err(LockError::OtherDivision { .. })));
        assert!(matches!(FolderLock::take(folder.path(), None), Err(LockError::Taken { .. })));
    }
}
