use std::io::{self, Read};
use std::path::Path;

use records::{ModelFile, open_regular};
use sha2::{Digest, Sha256};

/// SHA-256 and size of a file.
pub fn of_file(path: &Path) -> io::Result<ModelFile> {
    let mut file = open_regular(path)?;
    let mut hash = Sha256::new();
    let mut buffer = vec![0; 1 << 20];
    let mut bytes = 0;
    loop {
        let read = file.read(&mut buffer)?;
        if read == 0 {
            return Ok(ModelFile { sha256: hex(&hash.finalize()), bytes });
        }
        hash.update(&buffer[..read]);
        bytes += read as u64;
    }
}

pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
