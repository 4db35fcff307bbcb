//! Error messages for files that are not what they seem.

#![allow(clippy::unwrap_used, reason = "a test may stop wherever it is surprised")]

mod support;

use std::{fs, path::Path};

use checkpoint::Weights;
use insta::assert_snapshot;
use tch::{Device, Kind};

use support::{fixture, opening, opening_bytes, opening_fixture, safetensors, told};

#[test]
fn no_file() {
    assert_snapshot!(opening(Path::new("nowhere/weights.pt")), @"there is no file `weights.pt`: check the path, or fetch the weights");
    assert_snapshot!(opening(fixture("").parent().unwrap()), @"`tests` is a folder, not a file: name the weights file itself");
}

#[cfg(unix)]
#[test]
fn no_permission() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("weights.pt");
    fs::write(&path, b"secret").unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o000)).unwrap();
    if fs::read(&path).is_ok() {
        return; // root reads everything
    }
    assert_snapshot!(opening(&path), @r"
    cannot read `weights.pt`: check its permissions and the disk
      because Permission denied (os error 13)
    ");
}

#[test]
fn something_else_saved_as_weights() {
    assert_snapshot!(opening_bytes(b""), @"`weights.pt` is empty, not weights: fetch the file again");
    assert_snapshot!(opening_bytes(b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 225\n"), @"`weights.pt` is a Git LFS pointer, not weights: run `git lfs pull` where it came from, or download the file itself");
    assert_snapshot!(opening_bytes(b"\n<!DOCTYPE html><html><title>404</title></html>"), @"`weights.pt` is an HTML page, not weights: the download gave a web page, perhaps an error or a login: fetch the file itself");
    assert_snapshot!(opening_bytes(b"<?xml version=\"1.0\"?><Error><Code>AccessDenied</Code></Error>"), @"`weights.pt` is an XML document, not weights: the download gave an error message: fetch the file itself");
    assert_snapshot!(opening_bytes(b"{\"error\": \"rate limited\"}"), @"`weights.pt` is a JSON document, not weights: name the file that holds the tensors, not its index or configuration");
    assert_snapshot!(opening_bytes("Entrée non trouvée".as_bytes()), @"`weights.pt` is a text file, not weights: fetch the file again");
    assert_snapshot!(opening_bytes(b"\x1f\x8b\x08\0\0\0\0\0"), @"`weights.pt` is compressed by gzip, not weights: decompress it first");
    assert_snapshot!(opening_bytes(&[0; 4096]), @"`weights.pt` is filled with zeros, not weights: fetch the file again");
    assert_snapshot!(opening_bytes(b"\x7fELF\x02\x01\x01\0\0\0\0\0"), @"`weights.pt` is of an unknown format, not weights: safetensors, PyTorch's .pt/.pth and TorchScript files can be read");
    assert_snapshot!(opening_bytes(b"PK\x05\x06\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"), @"`weights.pt` is a ZIP archive without tensors, not weights: unpack it, if the weights are inside, and name their file");
    assert_snapshot!(opening_fixture("no_tensors.zip.pt"), @"`no_tensors.zip.pt` is a pickle without named tensors, not weights: name the file that holds the model's state dict");
}

#[test]
fn kinds_that_libtorch_or_we_lack() {
    assert_snapshot!(opening_fixture("complex.zip.pt"), @"`complex.zip.pt` holds an object of type `torch.ComplexFloatStorage`, which cannot be read: save the plain tensors as safetensors");
    let header = r#"{"a":{"dtype":"U64","shape":[1],"data_offsets":[0,8]}}"#;
    assert_snapshot!(opening_bytes(&safetensors(header, 8)), @"`weights.pt` holds tensor `a` of kind U64, which cannot be read: save the plain tensors as safetensors");
}

#[test]
fn half_a_download() {
    let half = |name| {
        let bytes = fs::read(fixture(name)).unwrap();
        opening_bytes(&bytes[..bytes.len() / 2])
    };
    assert_snapshot!(half("tensors.safetensors"), @r"
    `weights.pt` is a damaged safetensors file: fetch it again
      because its header claims 848 bytes, the file has 546
    ");
    assert_snapshot!(half("tensors.zip.pt"), @r"
    `weights.pt` is a damaged PyTorch file: fetch it again
      because invalid Zip archive: Could not find EOCD
    ");
    assert_snapshot!(half("tensors.legacy.pt"), @r"
    `weights.pt` is a damaged PyTorch file: fetch it again
      because expected 5 bytes, found 2
    ");
    assert_snapshot!(half("tensors.torchscript.pt"), @r"
    `weights.pt` is a damaged PyTorch file: fetch it again
      because invalid Zip archive: Could not find EOCD
    ");
}

/// Every prefix of every format is refused, by an error that names the file.
#[test]
fn truncated_anywhere() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("weights.pt");
    for name in ["tensors.safetensors", "tensors.zip.pt", "tensors.legacy.pt", "tensors.torchscript.pt"] {
        let length = fs::copy(fixture(name), &path).unwrap();
        let file = fs::OpenOptions::new().write(true).open(&path).unwrap();
        for length in (0..length).rev() {
            file.set_len(length).unwrap();
            let error = Weights::open(&path).expect_err(&format!("{name} cut to {length} bytes was read"));
            assert!(error.to_string().contains("weights.pt"), "{name} cut to {length} bytes: {error}");
        }
    }
}

#[test]
fn a_file_that_shrinks_after_it_was_opened() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("weights.safetensors");
    fs::copy(fixture("tensors.safetensors"), &path).unwrap();
    let weights = Weights::open(&path).unwrap().rename(|name| (name == "tail").then(|| name.to_owned()));
    fs::OpenOptions::new().write(true).open(&path).unwrap().set_len(900).unwrap();
    let placeholder = weights.root(Kind::Float, Device::Cpu).take("tail", &[2, 4]);
    assert_eq!(placeholder.size(), [2, 4]);
    assert_snapshot!(told(&weights.finish().unwrap_err(), folder.path()), @r"
    `weights.safetensors` is a damaged safetensors file: fetch it again
      because failed to fill whole buffer
    ");
}

/// Takes what a linear layer of 3 × 4 needs, and a scale, from a file of this many layers.
fn mismatch(name: &str, rename: impl Fn(&str) -> Option<String>) -> String {
    let path = fixture(name);
    let weights = Weights::open(&path).unwrap().rename(rename);
    let root = weights.root(Kind::Float, Device::Cpu);
    let _ = root.sub("fc").take("weight", &[3, 4]);
    let _ = root.sub("fc").take("bias", &[3]);
    let _ = root.take("scalar", &[]);
    told(&weights.finish().unwrap_err(), path.parent().unwrap())
}

#[test]
fn weights_that_do_not_fit() {
    let needed = |name: &str| ["fc.weight", "fc.bias", "scalar"].contains(&name);
    let another_model = mismatch("traced.torchscript.pt", |name| Some(name.to_owned()));
    assert_snapshot!(another_model, @r"
    `traced.torchscript.pt` does not fit the model: is it another model's file?
      missing (3):
        fc.bias
        fc.weight
        scalar
      unexpected (4):
        0.bias
        0.weight
        1.bias
        1.weight
    ");
    let more_than_needed = mismatch("tensors.zip.pt", |name| Some(name.to_owned()));
    assert_snapshot!(more_than_needed, @r"
    `tensors.zip.pt` does not fit the model: it has tensors that the model does not know; is it a larger model's file?
      unexpected (10):
        brain
        column
        counts
        doubles
        empty
        flags
        … and 4 more
    ");
    let renamed =
        mismatch("tensors.zip.pt", |name| needed(name).then(|| name.replace("fc.weight", "fc.weights")));
    assert_snapshot!(renamed, @r"
    `tensors.zip.pt` does not fit the model: use the file of exactly this model, or rename its tensors
      missing (1):
        fc.weight (renamed? the file has fc.weights)
      unexpected (1):
        fc.weights
    ");
    let wrapped = mismatch("tensors.zip.pt", |name| needed(name).then(|| format!("module.{name}")));
    assert_snapshot!(wrapped, @r"
    `tensors.zip.pt` does not fit the model: its names begin with `module.`; save the inner state dict alone
      missing (3):
        fc.bias
        fc.weight
        scalar
      unexpected (3):
        module.fc.bias
        module.fc.weight
        module.scalar
    ");
    let other_size = mismatch("tensors.zip.pt", |name| match name {
        "fc.bias" | "scalar" => Some(name.to_owned()),
        "tail" => Some("fc.weight".to_owned()),
        _ => None,
    });
    assert_snapshot!(other_size, @r"
    `tensors.zip.pt` does not fit the model: is it the file of a model of another size?
      misshaped (1):
        fc.weight is [2, 4], expected [3, 4]
    ");
}

#[test]
fn all_faults_are_told_at_once() {
    let path = fixture("tensors.zip.pt");
    let weights = Weights::open(&path).unwrap();
    let root = weights.root(Kind::Float, Device::Cpu);
    let _ = root.take("fc.weight", &[4, 3]);
    let _ = root.take("scalar", &[1]);
    for layer in (0..220).rev() {
        let _ = root.sub("layers").at(layer).take("weight", &[1 << 40, 1 << 40]);
    }
    assert_snapshot!(told(&weights.finish().unwrap_err(), path.parent().unwrap()), @r"
    `tensors.zip.pt` does not fit the model: is it another model's file?
      missing (220):
        layers.0.weight
        layers.1.weight
        layers.10.weight
        layers.100.weight
        layers.101.weight
        layers.102.weight
        … and 214 more
      unexpected (11):
        brain
        column
        counts
        doubles
        empty
        fc.bias
        … and 5 more
      misshaped (2):
        fc.weight is [3, 4], expected [4, 3]
        scalar is [], expected [1]
    ");
}
