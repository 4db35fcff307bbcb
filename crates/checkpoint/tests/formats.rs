//! The four formats hold the same tensors (fixtures/make.py) and must give the same.

#![allow(clippy::unwrap_used, reason = "a test may stop wherever it is surprised")]

use std::{collections::BTreeMap, path::PathBuf};

use checkpoint::{Weights, write_safetensors};
use tch::{Device, Kind, Tensor};

const FORMATS: [&str; 4] =
    ["tensors.safetensors", "tensors.zip.pt", "tensors.legacy.pt", "tensors.torchscript.pt"];

fn fixture(name: &str) -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "tests", "fixtures", name].iter().collect()
}

/// Name, shape, kind and values, written down from make.py by hand.
fn expected() -> Vec<(&'static str, Vec<i64>, Kind, Vec<f64>)> {
    let ramp = |from: i32, to: i32| (from..to).map(|n| f64::from(n) / 8.0).collect::<Vec<f64>>();
    let turned = (0..12).map(|n| f64::from(n % 4 * 3 + n / 4) / 8.0).collect();
    vec![
        ("brain", vec![5], Kind::BFloat16, ramp(0, 5)),
        ("column", vec![3], Kind::Float, vec![0.125, 0.625, 1.125]),
        ("counts", vec![3], Kind::Int64, vec![1.0, -2.0, (1_i64 << 40) as f64]),
        ("doubles", vec![2], Kind::Double, ramp(0, 2)),
        ("empty", vec![0, 3], Kind::Float, vec![]),
        ("fc.bias", vec![3], Kind::Float, ramp(0, 3)),
        ("fc.weight", vec![3, 4], Kind::Float, ramp(0, 12)),
        ("flags", vec![3], Kind::Bool, vec![1.0, 0.0, 1.0]),
        ("halves", vec![2, 3], Kind::Half, ramp(0, 6)),
        ("head", vec![4], Kind::Float, ramp(0, 4)),
        ("scalar", vec![], Kind::Float, vec![2.5]),
        ("tail", vec![2, 4], Kind::Float, ramp(4, 12)),
        ("turned", vec![3, 4], Kind::Float, turned),
    ]
}

fn values(tensor: &Tensor) -> Vec<f64> {
    Vec::try_from(tensor.to_kind(Kind::Double).contiguous().view(-1)).unwrap()
}

#[test]
fn every_format_gives_the_same_tensors() {
    for format in FORMATS {
        let weights = Weights::open(&fixture(format)).unwrap();
        let names: Vec<&str> = expected().iter().map(|row| row.0).collect();
        assert_eq!(weights.names(), names, "{format}");
        for (name, shape, kind, numbers) in expected() {
            assert_eq!(weights.shape(name), Some(shape.clone()), "{format}: {name}");
            assert_eq!(weights.kind(name), Some(kind), "{format}: {name}");
            let tensor = weights.root(Kind::Float, Device::Cpu).take_as(name, &shape, kind);
            assert_eq!(
                (tensor.size(), tensor.kind(), values(&tensor)),
                (shape, kind, numbers),
                "{format}: {name}"
            );
        }
        weights.finish().unwrap();
    }
}

/// The length of the name moves the archive's list of contents to where zip 9.8.1 begins at its
/// second line.
#[test]
fn an_archive_may_have_any_name() {
    let weights = Weights::open(&fixture("name_of_21_characters.pt")).unwrap();
    assert_eq!(values(&weights.remove("weight").unwrap()), [0.0, 0.125]);
}

#[test]
fn a_scope_casts_to_its_kind() {
    for format in FORMATS {
        let weights = Weights::open(&fixture(format)).unwrap();
        let root = weights.root(Kind::Float, Device::Cpu);
        for (name, shape, _, numbers) in expected().into_iter().filter(|row| row.0 != "flags") {
            let tensor = root.take(name, &shape);
            assert_eq!((tensor.kind(), values(&tensor)), (Kind::Float, numbers), "{format}: {name}");
        }
        assert_eq!(weights.names(), ["flags"], "what was taken is gone");
    }
}

#[test]
fn scopes_follow_the_dots_and_numbers_of_names() {
    let weights = Weights::open(&fixture("traced.torchscript.pt")).unwrap();
    let root = weights.root(Kind::Float, Device::Cpu);
    assert_eq!(root.at(1).shape("weight"), Some(vec![1, 3]));
    assert_eq!(values(&root.at(0).take("weight", &[3, 2])), [0.0, 0.125, 0.25, 0.375, 0.5, 0.625]);
    assert_eq!(values(&root.sub("1").take("bias", &[1])), [0.0]);
    assert_eq!(weights.names(), ["0.bias", "1.weight"]);
}

#[test]
fn tensors_are_renamed_dropped_split_and_joined() {
    let weights = Weights::open(&fixture("tensors.zip.pt")).unwrap().rename(|name| match name {
        "fc.weight" => Some("proj.weight".to_owned()),
        "head" | "tail" => Some(name.to_owned()),
        _ => None,
    });
    assert_eq!(weights.names(), ["head", "proj.weight", "tail"]);
    let joined = Tensor::cat(&[weights.remove("head").unwrap(), weights.remove("tail").unwrap().view(-1)], 0);
    weights.insert("joined", joined);
    let root = weights.root(Kind::Float, Device::Cpu);
    assert_eq!(values(&root.take("joined", &[12])), values(&root.take("proj.weight", &[3, 4])));
    weights.finish().unwrap();
}

#[test]
fn two_tensors_never_become_one() {
    let weights = Weights::open(&fixture("traced.torchscript.pt")).unwrap();
    let weights = weights.rename(|name| Some(name.replace(char::is_numeric, "n")));
    assert_eq!(weights.names(), ["1.bias", "1.weight", "n.bias", "n.weight"]);
}

#[test]
fn what_is_written_is_read_back() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("copy.safetensors");
    let original = Weights::open(&fixture("tensors.legacy.pt")).unwrap();
    let tensors: Vec<(String, Tensor)> =
        original.names().into_iter().map(|name| (name.clone(), original.remove(&name).unwrap())).collect();
    let listed: Vec<(&str, &Tensor)> = tensors.iter().map(|(name, tensor)| (name.as_str(), tensor)).collect();
    let notes: BTreeMap<String, String> =
        [("model", "tiny"), ("größe", "\"2\"\n")].map(|(k, v)| (k.to_owned(), v.to_owned())).into();
    write_safetensors(&path, &listed, &notes).unwrap();
    let first = std::fs::read(&path).unwrap();
    write_safetensors(&path, &listed, &notes).unwrap();
    assert_eq!(first, std::fs::read(&path).unwrap(), "the same tensors give the same bytes");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "no temporary file is left");

    let copy = Weights::open(&path).unwrap();
    assert_eq!(copy.metadata(), &notes);
    for (name, shape, kind, numbers) in expected() {
        let tensor = copy.remove(name).unwrap();
        assert_eq!((tensor.size(), tensor.kind(), values(&tensor)), (shape, kind, numbers), "{name}");
    }
}

#[test]
fn a_turned_tensor_is_written_in_its_logical_order() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("turned.safetensors");
    let turned = Tensor::from_slice2(&[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]).tr();
    write_safetensors(&path, &[("turned", &turned)], &BTreeMap::new()).unwrap();
    let read = Weights::open(&path).unwrap().remove("turned").unwrap();
    assert_eq!(values(&read), [1.0, 4.0, 2.0, 5.0, 3.0, 6.0]);
}

#[test]
fn a_failed_write_leaves_the_old_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("kept.safetensors");
    let one = Tensor::ones([2], (Kind::Float, Device::Cpu));
    write_safetensors(&path, &[("one", &one)], &BTreeMap::new()).unwrap();
    let before = std::fs::read(&path).unwrap();
    let twice = write_safetensors(&path, &[("one", &one), ("one", &one)], &BTreeMap::new());
    assert!(twice.is_err());
    assert_eq!(std::fs::read(&path).unwrap(), before);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    assert!(write_safetensors(&folder.path().join("no/such/x"), &[("one", &one)], &BTreeMap::new()).is_err());
}
