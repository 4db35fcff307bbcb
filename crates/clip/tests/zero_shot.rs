//! Zero-shot ranking against clip-anytorch's. Expected values: `tests/reference/clip_fixtures.py`.

use std::path::Path;

use checkpoint::Weights;
use clip::{CIFAR100, Clip, ZeroShot, ZeroShotError};
use serde::Deserialize;
use tch::{Device, Kind, Tensor};

const GOLDEN: &str = include_str!("golden/model/zero-shot.json");

#[derive(Deserialize)]
struct Golden {
    template: String,
    labels: Vec<String>,
    logits: Vec<Vec<f64>>,        // by image, then label
    probabilities: Vec<Vec<f64>>, // by image, then label
}

#[test]
fn labels_are_ranked_as_the_reference_ranks_them() {
    let golden: Golden = serde_json::from_str(GOLDEN).unwrap();
    let labels: Vec<&str> = golden.labels.iter().map(String::as_str).collect();
    let clip = tiny_clip();
    let images = clip.encode_image(&golden_pixels());
    let ranked = ZeroShot::new(&clip, &labels, &golden.template).unwrap().rank(&images);
    assert_eq!(ranked.len(), golden.logits.len());
    for (i, guesses) in ranked.iter().enumerate() {
        assert_eq!(guesses.len(), labels.len());
        assert!(guesses.is_sorted_by(|a, b| a.similarity >= b.similarity));
        for guess in guesses {
            let label = labels.iter().position(|label| *label == guess.label).unwrap();
            // Logits are near 10 and rounded to single precision in between.
            assert!((guess.similarity - golden.logits[i][label]).abs() < 2e-5, "{guess:?}");
            assert!((guess.probability - golden.probabilities[i][label]).abs() < 1e-5, "{guess:?}");
        }
    }
}

#[test]
fn a_template_needs_a_place_for_the_label() {
    let error = ZeroShot::new(&tiny_clip(), &CIFAR100, "a photo").unwrap_err();
    assert_eq!(
        error.to_string(),
        "the prompt template `a photo` has no `{}` for the label, as `a photo of a {}` has"
    );
}

#[test]
fn a_label_that_is_too_long_is_named() {
    let label = "squirrel".repeat(4); // as many tokens as letters, in the tiny vocabulary
    let error = ZeroShot::new(&tiny_clip(), &[&label], "{}").unwrap_err();
    assert!(matches!(&error, ZeroShotError::Tokenize(_)));
    assert!(error.to_string().contains(&label), "{error}");
}

fn tiny_clip() -> Clip {
    let weights = Weights::open(&folder().join("openai.pt")).expect("a golden model");
    Clip::load(weights, None, Device::Cpu, Kind::Float).expect("a golden model")
}

fn golden_pixels() -> Tensor {
    let tensors =
        Tensor::read_safetensors(folder().join("openai.golden.safetensors")).expect("golden values");
    tensors.into_iter().find(|(name, _)| name == "pixels").expect("golden pixels").1
}

fn folder() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/model"))
}
