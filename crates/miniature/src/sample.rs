use rand::{Rng, RngExt};
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};
use tch::Tensor;

use crate::random;

/// Training inputs of a generator: latents and class weights.
#[derive(Debug)]
pub struct Batch {
    /// `[n, z_dim]`, standard normal.
    pub z: Tensor,
    /// `[n, classes]` in [0, 1].
    pub class_weights: Tensor,
}

/// Distribution of class weights.
#[derive(Clone, Copy, Debug)]
pub struct Mixing {
    /// The part of a batch that is mixtures; the rest is one object, whole.
    pub soft: f64,
    /// The part of mixtures that has a little of every class and nothing else, as `BigSleep`
    /// starts.
    pub start: f64,
    /// The part that stands before a scene.
    pub scene: f64,
}

impl Mixing {
    /// One whole object after another.
    pub const PURE: Self = Self { soft: 0.0, start: 0.0, scene: 0.0 };
    /// Distribution that the generator is trained on.
    pub const TRAINING: Self = Self { soft: 0.3, start: 0.2, scene: 0.35 };
}

/// Draws `n` latents of width `z_dim` and class weights for `objects` and `scenes`.
pub fn batch(n: i64, z_dim: i64, objects: i64, scenes: i64, mixing: Mixing, rng: &mut ChaCha8Rng) -> Batch {
    let z = random::normal(&[n, z_dim], rng);
    let rows: Vec<f32> =
        (0..n).flat_map(|_| class_weights(objects as usize, scenes as usize, mixing, rng)).collect();
    Batch { z, class_weights: Tensor::from_slice(&rows).view([n, objects + scenes]) }
}

fn class_weights(objects: usize, scenes: usize, mixing: Mixing, rng: &mut ChaCha8Rng) -> Vec<f32> {
    let soft = rng.random_bool(mixing.soft);
    let mut weights =
        if soft { a_little_of_every(objects + scenes, rng) } else { vec![0.0; objects + scenes] };
    if soft && rng.random_bool(mixing.start) {
        return weights;
    }
    let share = |rng: &mut ChaCha8Rng| if soft { rng.random() } else { 1.0f32 };
    weights[rng.random_range(0..objects)] = share(rng);
    if soft && rng.random_bool(SECOND_OBJECT) {
        weights[rng.random_range(0..objects)] = share(rng);
    }
    if rng.random_bool(mixing.scene) {
        weights[objects + rng.random_range(0..scenes)] = share(rng);
    }
    weights
}

/// The part of mixtures that has two objects.
const SECOND_OBJECT: f64 = 0.4;

/// `BigSleep`'s class weights, a sigmoid of N(-3.9, 0.3²), and what an optimization makes of those
/// it does not want: the mean is anything from -8 to -3, and the spread up to twice as much.
pub(crate) fn a_little_of_every(classes: usize, rng: &mut impl Rng) -> Vec<f32> {
    let mean: f32 = rng.random_range(-8.0..-3.0);
    let spread: f32 = rng.random_range(0.3..0.6);
    let sigmoid = |x: f32| 1.0 / (1.0 + (-x).exp());
    let normal = |rng: &mut _| -> f32 { StandardNormal.sample(rng) };
    (0..classes).map(|_| sigmoid(mean + spread * normal(rng))).collect()
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;
    use tch::Kind;

    use super::*;

    #[test]
    fn pure_batches_have_one_whole_object() {
        let mut rng = ChaCha8Rng::seed_from_u64(0);
        let batch = batch(64, 8, 5, 2, Mixing::PURE, &mut rng);
        let objects = batch.class_weights.narrow(1, 0, 5);
        assert!(objects.sum_dim_intlist(1, false, None).eq(1.0).all().int64_value(&[]) == 1);
        assert!(
            objects.sum_dim_intlist(0, false, None).greater(0.0).all().int64_value(&[]) == 1,
            "every object"
        );
        assert_eq!(batch.class_weights.narrow(1, 5, 2).abs().sum(Kind::Float).double_value(&[]), 0.0);
    }

    #[test]
    fn mixtures_stay_in_range_and_reach_big_sleeps_start() {
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        let start = Mixing { soft: 1.0, start: 1.0, scene: 0.0 };
        let weights = batch(256, 8, 50, 5, start, &mut rng).class_weights;
        let means = weights.mean_dim(1, false, Kind::Float);
        assert!(means.min().double_value(&[]) < 0.001 && means.max().double_value(&[]) > 0.04);
        let training = batch(256, 8, 50, 5, Mixing::TRAINING, &mut rng).class_weights;
        assert!(training.min().double_value(&[]) >= 0.0 && training.max().double_value(&[]) <= 1.0);
    }
}
