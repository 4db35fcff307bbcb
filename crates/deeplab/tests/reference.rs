//! Against torchvision 0.26 in double precision, on a model small enough for git:
//! `tests/reference/deeplab.py golden`.

#![allow(clippy::unwrap_used, reason = "a test may stop wherever it is surprised")]

use std::path::PathBuf;

use checkpoint::Weights;
use deeplab::{DeepLab, normalize};
use tch::{Device, Kind, Tensor};

fn golden(name: &str) -> Weights {
    let path: PathBuf = [env!("CARGO_MANIFEST_DIR"), "tests", "golden", name].iter().collect();
    Weights::open(&path).unwrap()
}

fn images(golden: &Weights, name: &str) -> Tensor {
    golden.remove(&format!("{name}.images")).unwrap().to_kind(Kind::Float) / 255.0
}

#[test]
fn logits_are_torchvisions() {
    let model = DeepLab::load(golden("tiny.pth"), Device::Cpu, Kind::Float).unwrap();
    let golden = golden("golden.safetensors");
    for name in ["odd", "batch"] {
        let want = golden.remove(&format!("{name}.logits")).unwrap();
        let got = model.forward(&normalize(&images(&golden, name)));
        assert_eq!(got.size(), want.size());
        // Single precision rounds in the seventh place; a batch norm's eps left out would change
        // the second.
        let difference = f64::try_from((&got - &want).abs().max() / want.abs().max()).unwrap();
        assert!(difference < 1e-5, "{name}: logits differ by {difference:e} of the largest");
    }
}

#[test]
fn masks_are_torchvisions() {
    let model = DeepLab::load(golden("tiny.pth"), Device::Cpu, Kind::Float).unwrap();
    assert_eq!(model.num_classes(), 5);
    let golden = golden("golden.safetensors");
    let want = golden.remove("odd.logits").unwrap().argmax(1, false);
    let got = model.segment(&images(&golden, "odd"));
    assert_eq!(got.size(), [1, 67, 91]);
    let same = f64::try_from(got.eq_tensor(&want).to_kind(Kind::Double).mean(Kind::Double)).unwrap();
    assert!(same > 0.999, "{same} of the pixels have the same class");
    let classes = want.view(-1).unique_consecutive(false, false, None).0.size()[0];
    assert!(classes > 10, "a mask of one class would prove nothing");
}

#[test]
fn faults_are_told_at_once() {
    let weights = golden("tiny.pth").rename(|name| match name {
        "backbone.layer3.1.bn2.weight" => None,
        "classifier.4.bias" => Some("classifier.4.offset".to_owned()),
        _ => Some(name.to_owned()),
    });
    let error = DeepLab::load(weights, Device::Cpu, Kind::Float).unwrap_err().to_string();
    let (_, faults) = error.split_once('\n').unwrap();
    insta::assert_snapshot!(faults, @r"
    missing (2):
      backbone.layer3.1.bn2.weight
      classifier.4.bias (renamed? the file has classifier.4.offset)
    unexpected (1):
      classifier.4.offset
    ");
}

#[test]
fn another_models_file_is_refused() {
    let weights = golden("golden.safetensors");
    assert!(DeepLab::load(weights, Device::Cpu, Kind::Float).is_err());
}
