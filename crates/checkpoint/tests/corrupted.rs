//! Whatever a file holds: an error or tensors, never a panic, never much memory.

#![allow(clippy::unwrap_used, reason = "a test may stop wherever it is surprised")]

use std::{
    fs,
    io::{Cursor, Read, Write},
    path::{Path, PathBuf},
};

use checkpoint::{CheckpointError, Weights};
use proptest::prelude::*;
use tch::{Device, Kind};
use zip::{ZipArchive, ZipWriter, write::SimpleFileOptions};

const FILES: [&str; 5] = [
    "tensors.safetensors",
    "tensors.zip.pt",
    "tensors.legacy.pt",
    "tensors.torchscript.pt",
    "traced.torchscript.pt",
];

/// The files are a few kilobytes; a view of repeated elements may come to 64 MiB, and is held twice
/// while it is read.
#[cfg(target_os = "linux")]
const MOST_MEMORY_KIB: u64 = 256 << 10;

/// One change. Places are fractions of the length, so that every file has them.
#[derive(Clone, Debug)]
enum Damage {
    Flip { at: f64, bits: u8 },
    Overwrite { at: f64, number: u64 },
    Truncate { at: f64 },
    Remove { at: f64, bytes: usize },
    Splice { from: f64, to: f64, bytes: usize },
}

impl Damage {
    fn apply(&self, content: &mut Vec<u8>) {
        let length = content.len();
        let place = |fraction: f64| (fraction * length as f64) as usize;
        let until = |at: usize, bytes: usize| (at + bytes).min(length);
        match *self {
            Self::Flip { at, bits } => {
                content.iter_mut().skip(place(at)).take(1).for_each(|byte| *byte ^= bits);
            }
            Self::Overwrite { at, number } => {
                let places = content.iter_mut().skip(place(at));
                places.zip(number.to_le_bytes()).for_each(|(byte, new)| *byte = new);
            }
            Self::Truncate { at } => content.truncate(place(at)),
            Self::Remove { at, bytes } => drop(content.drain(place(at)..until(place(at), bytes))),
            Self::Splice { from, to, bytes } => {
                let piece = content[place(from)..until(place(from), bytes)].to_vec();
                content.splice(place(to)..place(to), piece);
            }
        }
    }
}

fn damage() -> impl Strategy<Value = Damage> {
    let numbers = prop_oneof![Just(u64::MAX), Just(1 << 60), Just(1 << 31), Just(0), any::<u64>()];
    prop_oneof![
        4 => (0.0..1.0, 1..=255_u8).prop_map(|(at, bits)| Damage::Flip { at, bits }),
        1 => (0.0..1.0, numbers).prop_map(|(at, number)| Damage::Overwrite { at, number }),
        1 => (0.0..1.0).prop_map(|at| Damage::Truncate { at }),
        1 => (0.0..1.0, 1..9_usize).prop_map(|(at, bytes)| Damage::Remove { at, bytes }),
        1 => (0.0..1.0, 0.0..1.0, 1..99_usize).prop_map(|(from, to, bytes)| Damage::Splice { from, to, bytes }),
    ]
}

fn fixture(name: &str) -> Vec<u8> {
    let path: PathBuf = [env!("CARGO_MANIFEST_DIR"), "tests", "fixtures", name].iter().collect();
    fs::read(path).unwrap()
}

/// Damages an entry of a ZIP archive and makes its checksum right again, which takes the damage
/// past the first check.
fn damaged_inside(archive: &[u8], entry: usize, damages: &[Damage]) -> Vec<u8> {
    let mut old = ZipArchive::new(Cursor::new(archive)).unwrap();
    let mut new = ZipWriter::new(Cursor::new(Vec::new()));
    let chosen = entry % old.len();
    for index in 0..old.len() {
        let mut file = old.by_index(index).unwrap();
        let mut content = Vec::new();
        file.read_to_end(&mut content).unwrap();
        let name = file.name().unwrap().into_owned();
        // The pickle is the part with most to misunderstand.
        if index == chosen || (entry.is_multiple_of(2) && name.ends_with("data.pkl")) {
            damages.iter().for_each(|damage| damage.apply(&mut content));
        }
        let options = SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
        new.start_file(name, options).unwrap();
        new.write_all(&content).unwrap();
    }
    new.finish().unwrap().into_inner()
}

/// Reads all that the file claims to hold, as a model does.
fn read_all(path: &Path) -> Result<(), CheckpointError> {
    let weights = Weights::open(path)?;
    for name in weights.names() {
        let shape = weights.shape(&name).unwrap();
        let tensor = weights.root(Kind::Float, Device::Cpu).take(&name, &shape);
        assert_eq!(tensor.size(), shape);
    }
    weights.finish()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn damaged_files_give_errors_and_no_panics(
        file in 0..FILES.len(),
        inside in any::<Option<u8>>(),
        damages in prop::collection::vec(damage(), 1..4),
    ) {
        let mut content = fixture(FILES[file]);
        match inside {
            Some(entry) if content.starts_with(b"PK") => content = damaged_inside(&content, entry.into(), &damages),
            _ => damages.iter().for_each(|damage| damage.apply(&mut content)),
        }
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("weights.pt");
        fs::write(&path, content).unwrap();
        #[cfg(target_os = "linux")]
        let before = most_memory_kib();
        if let Err(error) = read_all(&path) {
            prop_assert!(error.to_string().contains("weights.pt"), "{error}");
        }
        #[cfg(target_os = "linux")]
        prop_assert!(most_memory_kib() - before < MOST_MEMORY_KIB);
    }
}

/// The most memory that this process ever had resident.
#[cfg(target_os = "linux")]
fn most_memory_kib() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}
