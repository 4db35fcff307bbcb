//! SHA-256 of the files of a cell, as its record keeps them.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use sha2::{Digest, Sha256};

use super::{LARGEST_RECORD, read_regular};

/// Digests (SHA-256, hex) by the names of files; `frames` stands for all images in that folder.
pub type FileDigests = BTreeMap<String, String>;

/// The name under which the digest of all frames is kept.
pub const FRAMES: &str = "frames";

/// The SHA-256 of `bytes`, in hexadecimal.
pub fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The SHA-256 of a regular file, in hexadecimal.
pub(super) fn of_file(path: &Path) -> io::Result<String> {
    Ok(sha256(&read_regular(path, LARGEST_RECORD)?))
}

/// The digest of frames by their steps: that of a list of their names and digests, in the order of
/// steps.
pub(super) fn of_frames<'p>(frames: impl IntoIterator<Item = (u32, &'p Path)>) -> io::Result<String> {
    let mut list = String::new();
    for (step, path) in frames {
        list += &format!("{} {step:06}.png\n", of_file(path)?);
    }
    Ok(sha256(list.as_bytes()))
}
