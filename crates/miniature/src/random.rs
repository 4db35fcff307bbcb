use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal, StandardUniform};
use tch::Tensor;

/// Purpose of a random stream. Streams are independent of each other.
#[derive(Clone, Copy, Debug)]
pub enum Stream {
    /// Latents, class weights and captions of a training batch.
    Batch = 1,
    /// Distortions of pictures: cutouts, noise, blur.
    Distortion = 2,
    /// Latents for the standing statistics.
    Statistics = 3,
    /// Latents of what is shown or judged.
    Evaluation = 4,
}

/// The random numbers of one step: they depend on nothing that happened before it, so that a
/// training that was interrupted goes on with the same ones.
#[must_use]
pub fn numbers(seed: u64, stream: Stream, step: u64) -> ChaCha8Rng {
    let mut key = [0; 32];
    key[..8].copy_from_slice(&seed.to_le_bytes());
    key[8..16].copy_from_slice(&(stream as u64).to_le_bytes());
    key[16..24].copy_from_slice(&step.to_le_bytes());
    ChaCha8Rng::from_seed(key)
}

/// Standard normal numbers, on the CPU.
pub(crate) fn normal(shape: &[i64], rng: &mut ChaCha8Rng) -> Tensor {
    draw::<StandardNormal>(StandardNormal, shape, rng)
}

/// Numbers uniform in [0, 1), on the CPU.
pub(crate) fn uniform(shape: &[i64], rng: &mut ChaCha8Rng) -> Tensor {
    draw(StandardUniform, shape, rng)
}

fn draw<D: Distribution<f32>>(distribution: D, shape: &[i64], rng: &mut ChaCha8Rng) -> Tensor {
    let count = shape.iter().product::<i64>() as usize;
    let numbers: Vec<f32> = distribution.sample_iter(rng).take(count).collect();
    Tensor::from_slice(&numbers).view(shape)
}
