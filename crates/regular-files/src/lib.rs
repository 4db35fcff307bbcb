//! Reading of files that somebody else may have put there: regular ones only, and never waiting.
//! Names of temporary files, for folders that several machines write to.

mod temporary;

pub use temporary::{has_ended, temporary_beside, writer};

use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, Read};
use std::path::Path;

/// The largest record that is read, in bytes: far above any that a run writes.
pub const LARGEST_RECORD: u64 = 1 << 30;

/// The largest file that people write by hand and that is read, in bytes: experiments, manifests,
/// labels, tables.
pub const LARGEST_TEXT: u64 = 64 << 20;

/// Opens a regular file for reading, or what a symbolic link to one points to. Never waits: a named
/// pipe that nobody writes to, a device or a socket is refused without being opened.
///
/// # Errors
/// As [`File::open`]; [`io::ErrorKind::InvalidInput`] for what is no regular file.
pub fn open_regular(path: &Path) -> io::Result<File> {
    refuse_others(&fs::metadata(path)?)?;
    let mut options = OpenOptions::new();
    options.read(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::custom_flags(&mut options, libc::O_NONBLOCK | libc::O_NOCTTY);
    let file = options.open(path)?;
    refuse_others(&file.metadata()?)?; // it may be another by now
    Ok(file)
}

/// The content of a regular file of at most `limit` bytes.
///
/// # Errors
/// As [`open_regular`]; [`io::ErrorKind::FileTooLarge`] above the limit.
pub fn read_regular(path: &Path, limit: u64) -> io::Result<Vec<u8>> {
    let file = open_regular(path)?;
    let length = file.metadata()?.len();
    if limit < length {
        return Err(too_large(limit));
    }
    let mut bytes = Vec::with_capacity(usize::try_from(length).unwrap_or(0));
    file.take(limit.saturating_add(1)).read_to_end(&mut bytes)?;
    if limit < bytes.len() as u64 {
        return Err(too_large(limit)); // files of the system's claim a length of 0
    }
    Ok(bytes)
}

/// Opens a file of the program's own for reading and appending, and makes it where it is missing: a
/// lock or a log. Nothing in it is ever cut, and a symbolic link is not followed.
///
/// # Errors
/// As [`OpenOptions::open`]; [`io::ErrorKind::InvalidInput`] for a link, or what is no regular
/// file.
pub fn open_untruncated(path: &Path) -> io::Result<File> {
    match fs::symlink_metadata(path) {
        Ok(found) if found.is_symlink() => {
            return Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                "it is a symbolic link, not a regular file",
            ));
        }
        Ok(found) => refuse_others(&found)?,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(error),
    }
    let mut options = OpenOptions::new();
    options.read(true).append(true).create(true); // a shared lock on NFSv4 needs reading
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::custom_flags(
        &mut options,
        libc::O_NOFOLLOW | libc::O_NONBLOCK | libc::O_NOCTTY,
    );
    let file = options.open(path)?;
    refuse_others(&file.metadata()?)?;
    Ok(file)
}

/// Returns true if a file could not be locked because its file system has no locks, as some that
/// are shared have none.
pub fn has_no_locks(error: &io::Error) -> bool {
    #[cfg(unix)]
    if error.raw_os_error() == Some(libc::ENOLCK) {
        return true;
    }
    error.kind() == io::ErrorKind::Unsupported
}

fn refuse_others(found: &Metadata) -> io::Result<()> {
    if found.is_file() {
        return Ok(());
    }
    let (kind, what) = match found.is_dir() {
        true => (io::ErrorKind::IsADirectory, "a folder"),
        false => (io::ErrorKind::InvalidInput, special(found)),
    };
    Err(io::Error::new(kind, format!("it is {what}, not a regular file")))
}

#[cfg(unix)]
fn special(found: &Metadata) -> &'static str {
    use std::os::unix::fs::FileTypeExt;

    let kind = found.file_type();
    if kind.is_fifo() {
        "a named pipe"
    } else if kind.is_socket() {
        "a socket"
    } else {
        "a device"
    }
}

#[cfg(not(unix))]
fn special(_: &Metadata) -> &'static str {
    "a device or a pipe"
}

fn too_large(limit: u64) -> io::Error {
    io::Error::new(io::ErrorKind::FileTooLarge, format!("it has more than {limit} bytes"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_files_up_to_the_limit() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        fs::write(&path, b"12345").unwrap();
        assert_eq!(read_regular(&path, 5).unwrap(), b"12345");
        assert_eq!(read_regular(&path, 4).unwrap_err().kind(), io::ErrorKind::FileTooLarge);
        assert_eq!(read_regular(folder.path(), 5).unwrap_err().kind(), io::ErrorKind::IsADirectory);
        assert_eq!(read_regular(&folder.path().join("none"), 5).unwrap_err().kind(), io::ErrorKind::NotFound);
    }

    #[cfg(unix)]
    #[test]
    fn refuses_pipes_sockets_and_devices_without_waiting() {
        let folder = tempfile::tempdir().unwrap();
        let (pipe, socket, link) =
            (folder.path().join("pipe"), folder.path().join("socket"), folder.path().join("link"));
        assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        let _socket = std::os::unix::net::UnixListener::bind(&socket).unwrap();
        std::os::unix::fs::symlink(&pipe, &link).unwrap();
        let said = |path: &Path| read_regular(path, 9).unwrap_err().to_string();
        assert_eq!(said(&pipe), "it is a named pipe, not a regular file");
        assert_eq!(said(&link), "it is a named pipe, not a regular file");
        assert_eq!(said(&socket), "it is a socket, not a regular file");
        assert_eq!(said(Path::new("/dev/zero")), "it is a device, not a regular file");
    }

    /// Over NFS 4 a shared lock fails on a file that is open for writing only.
    #[test]
    fn a_file_to_be_locked_is_open_for_reading_and_for_writing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(".lock");
        let mut file = open_untruncated(&path).unwrap();
        io::Write::write_all(&mut file, b"written").unwrap();
        io::Seek::rewind(&mut file).unwrap();
        let mut text = String::new();
        file.read_to_string(&mut text).unwrap();
        assert_eq!(text, "written");
    }

    #[cfg(unix)]
    #[test]
    fn file_systems_say_in_several_ways_that_they_have_no_locks() {
        for code in [libc::ENOLCK, libc::ENOSYS, libc::EOPNOTSUPP] {
            assert!(has_no_locks(&io::Error::from_raw_os_error(code)), "{code}");
        }
        for code in [libc::EBADF, libc::EACCES, libc::EWOULDBLOCK] {
            assert!(!has_no_locks(&io::Error::from_raw_os_error(code)), "{code}");
        }
    }

    /// The system's files have no length that is known before they are read.
    #[cfg(target_os = "linux")]
    #[test]
    fn holds_to_the_limit_what_claims_to_be_empty() {
        assert!(!read_regular(Path::new("/proc/self/status"), 1 << 20).unwrap().is_empty());
        let error = read_regular(Path::new("/proc/self/status"), 10).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::FileTooLarge);
    }
}
