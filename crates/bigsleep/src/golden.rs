//! For tests: values computed by the `big-sleep` package (`tests/reference/bigsleep.py`), and others to compute with.

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use tch::{Kind, Tensor};

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

/// Normally distributed values, in double precision. Not from libtorch's generator, which belongs to the initial latents.
pub(crate) fn noise(seed: u64, shape: &[i64]) -> Tensor {
    let random = ChaCha8Rng::seed_from_u64(seed);
    let values: Vec<f64> =
        StandardNormal.sample_iter(random).take(shape.iter().product::<i64>() as usize).collect();
    Tensor::from_slice(&values).view(shape)
}
