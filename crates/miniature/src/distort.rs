use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use tch::{Kind, Tensor};

use crate::random;

/// Distorts pictures as a perceptor sees them: a cutout of each, as `BigSleep` makes them, noisy
/// and more or less sharp.
///
/// `pictures: [n, 3, s, s]` in [0, 1] → `[n, 3, side, side]`. A cutout's side is a part of the
/// picture's drawn from N(0.8, 0.3²) and held to 0.5 to 0.95, its place is uniform, and it is
/// resized to the nearest pixels; a tenth of the pictures is seen whole. Half of them lose every
/// detail smaller than two or four pixels before that. The noise on each has a standard deviation
/// uniform between 0 and `noise`.
pub(crate) fn distort(pictures: &Tensor, side: i64, noise: f64, rng: &mut ChaCha8Rng) -> Tensor {
    let n = pictures.size()[0];
    let pictures = blur_some(pictures, rng);
    let theta = Tensor::from_slice(&(0..n).flat_map(|_| cutout(rng)).collect::<Vec<f32>>()).view([n, 2, 3]);
    let grid = Tensor::affine_grid_generator(&theta, [n, 3, side, side], false).to_device(pictures.device());
    let seen = pictures.grid_sampler(&grid, 1, 1, false); // nearest, and edges repeated
    add_noise(&seen, noise, rng)
}

/// Normal noise whose standard deviation is uniform between 0 and `noise`, drawn for each of the
/// images `[n, 3, h, w]`.
pub(crate) fn add_noise(images: &Tensor, noise: f64, rng: &mut ChaCha8Rng) -> Tensor {
    let amount = random::uniform(&[images.size()[0], 1, 1, 1], rng) * noise;
    images + (random::normal(&images.size(), rng) * amount).to_device(images.device())
}

/// The map from places in the cutout to places in the picture, both from -1 to 1: two rows of
/// three.
fn cutout(rng: &mut ChaCha8Rng) -> [f32; 6] {
    let share = if rng.random_bool(WHOLE) { 1.0 } else { share(rng) };
    let mut place = || rng.random_range(-1.0..=1.0) * (1.0 - share);
    [share, 0.0, place(), 0.0, share, place()]
}

const WHOLE: f64 = 0.1;

fn share(rng: &mut ChaCha8Rng) -> f32 {
    let normal: f32 = rng.sample(rand_distr::StandardNormal);
    (0.8 + 0.3 * normal).clamp(0.5, 0.95)
}

/// Half of the pictures `[n, 3, h, w]` lose every detail smaller than two or four pixels.
pub(crate) fn blur_some(pictures: &Tensor, rng: &mut ChaCha8Rng) -> Tensor {
    let [n, _, height, width] = pictures.size()[..] else { unreachable!("pictures have four dimensions") };
    let blurred = |factor: i64| {
        let small = pictures.avg_pool2d([factor, factor], [factor, factor], [0, 0], false, true, None);
        small.upsample_bilinear2d([height, width], false, None, None)
    };
    let draws = random::uniform(&[n, 1, 1, 1], rng).to_device(pictures.device());
    let a_little = blurred(2).where_self(&draws.less(0.5), pictures);
    blurred(4).where_self(&draws.less(0.2), &a_little).to_kind(Kind::Float)
}
