use std::{
    io::{self, Read},
    path::Path,
};

use regular_files::open_regular;

use crate::CheckpointError;

/// The kinds of files that hold weights, as far as their first bytes tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    Safetensors,
    /// PyTorch's or TorchScript's: the archive's list of contents tells which.
    Zip,
    /// Python's pickle, with or without PyTorch's tensors behind it.
    Pickle,
}

/// Number of bytes inspected at the beginning of a file.
const HEAD: u64 = 512;

/// Tells a file's format by its content.
pub(crate) fn detect(path: &Path) -> Result<Format, CheckpointError> {
    let read = |source: io::Error| match source.kind() {
        io::ErrorKind::NotFound => CheckpointError::NotFound { path: path.to_owned() },
        io::ErrorKind::IsADirectory => CheckpointError::NotAFile { path: path.to_owned(), what: "a folder" },
        io::ErrorKind::InvalidInput => {
            CheckpointError::NotAFile { path: path.to_owned(), what: "a device or a pipe" }
        }
        _ => CheckpointError::Read { path: path.to_owned(), source },
    };
    let mut head = Vec::new();
    open_regular(path).and_then(|file| file.take(HEAD).read_to_end(&mut head)).map_err(read)?;
    recognize(&head).map_err(|(what, remedy)| CheckpointError::NotWeights {
        path: path.to_owned(),
        what,
        remedy,
    })
}

fn recognize(head: &[u8]) -> Result<Format, (&'static str, &'static str)> {
    if head.starts_with(b"PK\x03\x04") || head.starts_with(b"PK\x05\x06") {
        Ok(Format::Zip)
    } else if head.get(8) == Some(&b'{') && !is_text(&head[..8]) {
        Ok(Format::Safetensors)
    } else if matches!(head, [0x80, 0..=5, ..]) || head.starts_with(LEGACY_PROTOCOL_0) {
        Ok(Format::Pickle)
    } else {
        Err(foreign(head))
    }
}

/// First bytes of a legacy file saved with pickle's protocol 0: the magic number in decimal.
const LEGACY_PROTOCOL_0: &[u8] = b"L119547037146038801333356L";

const FETCH_AGAIN: &str = "fetch the file again";
const CONVERT: &str = "convert it to safetensors";

/// Description of common files that are no weights, and their likely origin.
fn foreign(head: &[u8]) -> (&'static str, &'static str) {
    let text = head.trim_ascii_start().to_ascii_lowercase();
    if head.is_empty() {
        ("empty", FETCH_AGAIN)
    } else if head.starts_with(b"version https://git-lfs.github.com/spec/") {
        ("a Git LFS pointer", "run `git lfs pull` where it came from, or download the file itself")
    } else if text.starts_with(b"<!doctype html") || text.starts_with(b"<html") {
        ("an HTML page", "the download gave a web page, perhaps an error or a login: fetch the file itself")
    } else if text.starts_with(b"<?xml") {
        ("an XML document", "the download gave an error message: fetch the file itself")
    } else if text.starts_with(b"{") {
        ("a JSON document", "name the file that holds the tensors, not its index or configuration")
    } else if head.starts_with(b"\x1f\x8b") {
        ("compressed by gzip", "decompress it first")
    } else if head.get(257..262) == Some(b"ustar") {
        ("a TAR archive", "unpack it and name the weights file inside")
    } else if head.starts_with(b"\x89HDF") || head.starts_with(b"GGUF") || head.starts_with(b"\x93NUMPY") {
        ("a file of another framework", CONVERT)
    } else if head.iter().all(|&byte| byte == 0) {
        ("filled with zeros", FETCH_AGAIN)
    } else if is_text(head) {
        ("a text file", FETCH_AGAIN)
    } else {
        ("of an unknown format", "safetensors, PyTorch's .pt/.pth and TorchScript files can be read")
    }
}

fn is_text(bytes: &[u8]) -> bool {
    bytes.iter().all(|byte| byte.is_ascii_graphic() || byte.is_ascii_whitespace() || *byte >= 0x80)
        && bytes.utf8_chunks().all(|chunk| chunk.invalid().len() < 4)
}
