use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;

use super::RecordError;
use super::leftovers::{self, WRITING};
use super::read_regular;

/// Writes a file whole or not at all: a temporary file in the same folder, fsync, rename. Makes
/// missing folders.
///
/// # Errors
/// [`RecordError::Write`] names the file.
pub fn write_atomically(path: &Path, bytes: &[u8]) -> Result<(), RecordError> {
    write_by_way_of(WRITING, path, bytes)
}

/// Writes a file as [`write_atomically`] does, unless it has these bytes already: of many shards
/// that know the same, one writes.
///
/// # Errors
/// [`RecordError::Write`] names the file.
pub fn write_unless_same(path: &Path, bytes: &[u8]) -> Result<(), RecordError> {
    match read_regular(path, bytes.len() as u64) {
        Ok(there) if there == bytes => Ok(()),
        _ => write_atomically(path, bytes),
    }
}

/// Writes atomically by way of a temporary file whose name begins with `prefix`, the machine and
/// the process, by which a later run recognizes what a killed one left behind.
pub(super) fn write_by_way_of(prefix: &str, path: &Path, bytes: &[u8]) -> Result<(), RecordError> {
    replace(prefix, path, bytes).map_err(|source| RecordError::Write { path: path.to_owned(), source })
}

fn replace(prefix: &str, path: &Path, bytes: &[u8]) -> io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder)?;
    let prefix = leftovers::named(prefix);
    let mut file = readable_by_all(tempfile::Builder::new().prefix(&prefix)).tempfile_in(folder)?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    file.persist(path).map_err(|error| error.error)?;
    sync_folder(folder)
}

/// Permissions as the user's umask allows: a temporary file is its owner's alone, a result is for
/// others too.
fn readable_by_all<'b, 'p, 's>(
    builder: &'b mut tempfile::Builder<'p, 's>,
) -> &'b mut tempfile::Builder<'p, 's> {
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    builder
}

/// A rename is on the disk only when its folder is.
pub(super) fn sync_folder(folder: &Path) -> io::Result<()> {
    if cfg!(unix) { File::open(folder)?.sync_all() } else { Ok(()) }
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn what_is_there_already_is_not_written_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("plan.toml");
        let written = |bytes: &[u8]| {
            write_unless_same(&path, bytes).unwrap();
            assert_eq!(fs::read(&path).unwrap(), bytes);
            std::os::unix::fs::MetadataExt::ino(&fs::metadata(&path).unwrap())
        };
        let (first, second) = (written(b"one"), written(b"one"));
        assert_eq!(first, second, "the same file");
        let _held = fs::File::open(&path).unwrap(); // or its inode may be given out again
        assert_ne!(written(b"two"), first);
        assert_eq!(written(b""), written(b""));
    }

    #[test]
    fn others_may_read_what_is_written() {
        let folder = tempfile::tempdir().unwrap();
        let (ours, plain) = (folder.path().join("ours"), folder.path().join("plain"));
        write_atomically(&ours, b"1").unwrap();
        fs::write(&plain, b"1").unwrap();
        let mode = |path| fs::metadata(path).unwrap().permissions().mode();
        assert_eq!(mode(ours), mode(plain));
    }
}
