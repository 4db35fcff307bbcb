use checkpoint::Weights;
use rand_chacha::{ChaCha8Rng, rand_core::SeedableRng};
use rand_distr::{Distribution, StandardNormal};
use tch::{Device, Kind, Tensor};

use crate::{Config, LoadError, config::check::check, network::Network};

/// The weights that training starts from, a pure function of `seed`.
///
/// Source: Brock et al. 2019, Appendix C (orthogonal initialization).
pub(crate) fn weights(config: &Config, seed: u64) -> Result<Weights, LoadError> {
    check(config)?;
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let tensors = blank(config).into_iter().map(|(name, shape)| {
        let tensor = initial(&name, &shape, &mut rng);
        (name, tensor)
    });
    Ok(Weights::from_tensors("fresh weights", tensors.collect::<Vec<_>>()))
}

/// Every name and shape of a network: those of one made of nothing.
fn blank(config: &Config) -> Vec<(String, Vec<i64>)> {
    let nothing = Weights::from_tensors("nothing", []);
    let network = Network::take(&nothing.root(Kind::Float, Device::Cpu), config);
    network.tensors().into_iter().map(|named| (named.name, named.tensor.size())).collect()
}

fn initial(name: &str, shape: &[i64], rng: &mut ChaCha8Rng) -> Tensor {
    let constant = |value: f64| Tensor::full(shape, value, (Kind::Float, Device::Cpu));
    match name.rsplit('.').next() {
        _ if name == "generator.bn.weight" => constant(1.0),
        Some("weight_orig" | "weight") => orthogonal(shape, rng),
        Some("weight_u" | "weight_v") => normal(shape, rng),
        Some("running_vars") => constant(1.0),
        _ => constant(0.0), // biases, running_means, and gamma, with which the attention starts as a bystander
    }
}

/// Orthonormal rows or columns, whichever are fewer, of the weight as a matrix `[out, rest]`.
/// Uniform over such matrices: Mezzadri 2007, "How to generate random matrices from the classical
/// compact groups".
fn orthogonal(shape: &[i64], rng: &mut ChaCha8Rng) -> Tensor {
    let (rows, columns) = (shape[0], shape[1..].iter().product::<i64>());
    let (q, r) = Tensor::linalg_qr(&normal(&[rows.max(columns), rows.min(columns)], rng), "reduced");
    let q = q * r.diag(0).sign();
    let matrix = if rows < columns { q.tr() } else { q };
    matrix.contiguous().reshape(shape)
}

fn normal(shape: &[i64], rng: &mut ChaCha8Rng) -> Tensor {
    let size = shape.iter().product::<i64>() as usize;
    let values: Vec<f32> = StandardNormal.sample_iter(rng).take(size).collect();
    Tensor::from_slice(&values).reshape(shape)
}
