//! Files made to do harm: nothing in them is run, and none takes much memory or time.

#![allow(clippy::unwrap_used, reason = "a test may stop wherever it is surprised")]

mod support;

use std::{
    io::{Cursor, Write},
    path::Path,
};

use checkpoint::Weights;
use insta::assert_snapshot;
use zip::{ZipWriter, write::SimpleFileOptions};

use support::{fixture, opening_bytes, opening_fixture, safetensors};

#[test]
fn files_that_ask_for_code_to_be_run() {
    assert_snapshot!(opening_fixture("asks_to_run.zip.pt"), @"`asks_to_run.zip.pt` asks to run `posix.system`, which is never done: get the weights from a source that you trust, best as safetensors");
    assert_snapshot!(opening_fixture("asks_to_run.legacy.pt"), @"`asks_to_run.legacy.pt` asks to run `posix.system`, which is never done: get the weights from a source that you trust, best as safetensors");
    assert_snapshot!(opening_fixture("asks_to_run.pickle.pt"), @"`asks_to_run.pickle.pt` asks to run `posix.system`, which is never done: get the weights from a source that you trust, best as safetensors");
    assert_snapshot!(opening_fixture("asks_to_run.torchscript.pt"), @"`asks_to_run.torchscript.pt` asks to run `__torch__.SetsState.__setstate__`, which is never done: get the weights from a source that you trust, best as safetensors");
}

/// libtorch would make a file named `executed` here: code/…/container.py calls `torch.from_file` in
/// places that are run on loading. Read as data, the archive is an ordinary one.
#[test]
fn code_in_a_torchscript_archive_is_not_run() {
    let weights = Weights::open(&fixture("runs_at_load.torchscript.pt")).unwrap();
    assert_eq!(weights.names(), ["0.bias", "0.weight", "1.bias", "1.weight"]);
    assert!(!Path::new("executed").exists());
}

#[test]
fn lies_about_sizes() {
    let header = r#"{"a":{"dtype":"F32","shape":[4],"data_offsets":[0,16]}}"#;
    let mut endless = safetensors(header, 16);
    endless[..8].copy_from_slice(&(1_u64 << 60).to_le_bytes());
    assert_snapshot!(opening_bytes(&endless), @r"
    `weights.pt` is a damaged safetensors file: fetch it again
      because its header claims 1152921504606846976 bytes, the file has 79
    ");
    assert_snapshot!(opening_bytes(&safetensors(header, 15)), @r"
    `weights.pt` is a damaged safetensors file: fetch it again
      because its header announces 79 bytes, the file has 78
    ");
    assert_snapshot!(opening_bytes(&safetensors(header, 17)), @r"
    `weights.pt` is a damaged safetensors file: fetch it again
      because its header announces 79 bytes, the file has 80
    ");
    let overflowing =
        r#"{"a":{"dtype":"F32","shape":[4294967296,4294967296,4294967296],"data_offsets":[0,16]}}"#;
    assert_snapshot!(opening_bytes(&safetensors(overflowing, 16)), @r"
    `weights.pt` is a damaged safetensors file: fetch it again
      because overflow computing buffer size from shape and/or element type
    ");
    let negative = r#"{"a":{"dtype":"F32","shape":[0,18446744073709551615],"data_offsets":[0,0]}}"#;
    assert_snapshot!(opening_bytes(&safetensors(negative, 0)), @r"
    `weights.pt` is a damaged safetensors file: fetch it again
      because out of range integral type conversion attempted
    ");
    assert_snapshot!(opening_fixture("repeated.zip.pt"), @"`repeated.zip.pt` holds tensor `wide` of 8589934592 repeated bytes, which cannot be read: save the plain tensors as safetensors");
    assert_snapshot!(opening_fixture("short_storage.torchscript.pt"), @r"
    `short_storage.torchscript.pt` is a damaged PyTorch file: fetch it again
      because tensor `0.weight` lies outside its storage
    ");
}

/// Fifty megabytes of pickle that say nothing, and take fifty kilobytes of file.
#[test]
fn zip_bombs() {
    let bomb = |other: &str| {
        let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
        for (name, content) in [("x/data.pkl", vec![b'N'; 50 << 20]), (other, b"3\n".to_vec())] {
            archive.start_file(name, SimpleFileOptions::default()).unwrap();
            archive.write_all(&content).unwrap();
        }
        opening_bytes(&archive.finish().unwrap().into_inner())
    };
    assert_snapshot!(bomb("x/version"), @r"
    `weights.pt` is a damaged PyTorch file: fetch it again
      because `x/data.pkl` has more than 4194304 bytes
    ");
    assert_snapshot!(bomb("x/constants.pkl"), @r"
    `weights.pt` is a damaged PyTorch file: fetch it again
      because `x/data.pkl` has more than 4194304 bytes
    ");
}

/// A TorchScript archive with this pickle.
fn torchscript(pickle: &[u8]) -> Vec<u8> {
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in [("x/data.pkl", pickle), ("x/constants.pkl", b"")] {
        archive.start_file(name, SimpleFileOptions::default()).unwrap();
        archive.write_all(content).unwrap();
    }
    archive.finish().unwrap().into_inner()
}

const MODULE: &[u8] = b"c__torch__\nM\n)\x81}(";
const BUILT: &[u8] = b"ub";

/// Sixty modules, each of which has the one before it twice, would be 2⁶⁰ on the way down.
#[test]
fn modules_that_have_each_other() {
    let text = |text: &[u8]| [b"X", &(text.len() as u32).to_le_bytes()[..], text].concat();
    let mut pickle = [MODULE, &text(b"list"), b"("].concat();
    pickle.extend([MODULE, BUILT, b"q\0"].concat());
    for before in 0..60 {
        let (a, b, get, put) = (text(b"a"), text(b"b"), [b'h', before], [b'q', before + 1]);
        pickle.extend([MODULE, &a, &get, &b, &get, BUILT, &put].concat());
    }
    pickle.extend([b"t", &text(b"last")[..], b"h\x3c", BUILT, b"."].concat());
    assert_snapshot!(opening_bytes(&torchscript(&pickle)), @r"
    `weights.pt` is a damaged PyTorch file: fetch it again
      because its modules are nested too often or too deeply
    ");
}

/// Tuples within tuples, which a reader that calls itself would end in a stack overflow.
#[test]
fn deep_nesting() {
    let pickle = [&b")"[..], &b"\x85".repeat(1_000_000), b"."].concat();
    assert_snapshot!(opening_bytes(&torchscript(&pickle)), @r"
    `weights.pt` is a damaged PyTorch file: fetch it again
      because its pickle makes no sense at byte 201
    ");
}
