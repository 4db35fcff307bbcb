//! For tests: values computed by the `big-sleep` package (`tests/reference/bigsleep.py`), and
//! others to compute with.

use biggan::{Config, Generator};
use checkpoint::Weights;
use clip::{Activation, Clip};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use tch::{Device, Kind, Tensor};

pub(crate) fn path(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(file)
}

pub(crate) fn read(file: &str) -> HashMap<String, Tensor> {
    Tensor::read_safetensors(path(file)).unwrap().into_iter().collect()
}

/// The largest difference of two tensors, relative to the largest value of the second.
pub(crate) fn distance(found: &Tensor, expected: &Tensor) -> f64 {
    assert_eq!(found.size(), expected.size());
    let largest = |x: &Tensor| x.abs().max().to_kind(Kind::Double).double_value(&[]);
    largest(&(found - expected)) / largest(expected)
}

/// Normally distributed values, in double precision. Not from libtorch's generator, which belongs
/// to the initial latents.
pub(crate) fn noise(seed: u64, shape: &[i64]) -> Tensor {
    let random = ChaCha8Rng::seed_from_u64(seed);
    let values: Vec<f64> =
        StandardNormal.sample_iter(random).take(shape.iter().product::<i64>() as usize).collect();
    Tensor::from_slice(&values).view(shape)
}

/// The small networks of the package's trajectories: `tests/reference/bigsleep_models.py`.
pub(crate) fn models(perceptor: Kind) -> (Generator, Clip) {
    tch::set_num_threads(1); // they are too small for more
    let config = r#"{
        "output_dim": 32, "z_dim": 16, "class_embed_dim": 16, "channel_width": 4, "num_classes": 1000,
        "layers": [[true, 16, 8], [true, 8, 4], [true, 4, 2], [false, 2, 1]],
        "attention_layer_position": 1, "eps": 1e-4, "n_stats": 3
    }"#;
    let config: Config = serde_json::from_str(config).unwrap();
    let weights = Weights::open(&path("biggan.safetensors")).unwrap();
    let generator = Generator::load(weights, &config, 1.0, Device::Cpu).unwrap();

    let tensors = read("clip_vision.safetensors").into_iter().chain(text_tower());
    let clip = Clip::load(
        Weights::from_tensors("golden", tensors),
        Some(Activation::QuickGelu),
        Device::Cpu,
        perceptor,
    )
    .unwrap();
    (generator, clip)
}

/// A text tower to go with the golden vision tower: the package was given embeddings of texts, not
/// texts.
fn text_tower() -> Vec<(String, Tensor)> {
    let block = "transformer.resblocks.0";
    let shapes: [(String, &[i64]); 18] = [
        ("logit_scale".to_owned(), &[]),
        ("token_embedding.weight".to_owned(), &[514, 64]),
        ("positional_embedding".to_owned(), &[77, 64]),
        ("text_projection".to_owned(), &[64, 16]),
        ("ln_final.weight".to_owned(), &[64]),
        ("ln_final.bias".to_owned(), &[64]),
        (format!("{block}.ln_1.weight"), &[64]),
        (format!("{block}.ln_1.bias"), &[64]),
        (format!("{block}.ln_2.weight"), &[64]),
        (format!("{block}.ln_2.bias"), &[64]),
        (format!("{block}.attn.in_proj_weight"), &[192, 64]),
        (format!("{block}.attn.in_proj_bias"), &[192]),
        (format!("{block}.attn.out_proj.weight"), &[64, 64]),
        (format!("{block}.attn.out_proj.bias"), &[64]),
        (format!("{block}.mlp.c_fc.weight"), &[256, 64]),
        (format!("{block}.mlp.c_fc.bias"), &[256]),
        (format!("{block}.mlp.c_proj.weight"), &[64, 256]),
        (format!("{block}.mlp.c_proj.bias"), &[64]),
    ];
    let values = |(i, (name, shape)): (u64, (String, &[i64]))| (name, noise(i, shape) * 0.1);
    (0..).zip(shapes).map(values).collect()
}
