//! Resizing along one axis, in the three ways of [`Interpolation`].

use crate::settings::Interpolation;
use tch::{Device, Kind, Tensor};

/// Lobes of the Lanczos window on either side.
const LOBES: f64 = 3.0;

/// For each row of a column of `from` pixels resized to `to`, the row that is nearest: `[to]`,
/// whole numbers.
pub(crate) fn nearest_rows(from: i64, to: i64) -> Tensor {
    let rows = Tensor::arange(from, (Kind::Float, Device::Cpu)).view([1, 1, from, 1]);
    rows.upsample_nearest2d([to, 1], None, None).view([to]).to_kind(Kind::Int64)
}

/// The matrix `[to, from]` that resizes a column of `from` pixels to `to` by a linear
/// `interpolation`.
///
/// Its columns are the resized unit vectors, so it is PyTorch's own resizing, borders included.
pub(crate) fn matrix(interpolation: Interpolation, from: i64, to: i64) -> Tensor {
    let unit_vectors = Tensor::eye(from, (Kind::Float, Device::Cpu)).view([from, 1, from, 1]);
    let resized = match interpolation {
        Interpolation::Nearest => unit_vectors.upsample_nearest2d([to, 1], None, None),
        Interpolation::Bilinear => unit_vectors.upsample_bilinear2d([to, 1], false, None, None),
        Interpolation::Lanczos => low_pass(&unit_vectors, to).upsample_bicubic2d([to, 1], true, None, None),
    };
    resized.view([from, to]).transpose(0, 1)
}

/// Takes what `to` pixels cannot show out of columns `[n, 1, from, 1]`, mirrored at their ends, if
/// `to` is smaller.
///
/// Source: `big-sleep` 0.9.1, `resample.py`.
fn low_pass(columns: &Tensor, to: i64) -> Tensor {
    let from = columns.size()[2];
    if to >= from {
        return columns.shallow_clone();
    }
    let kernel = lanczos_kernel(to as f64 / from as f64);
    let length = kernel.len() as i64;
    let kernel = Tensor::from_slice(&kernel).to_kind(Kind::Float).view([1, 1, length, 1]);
    let padding = length / 2;
    columns.reflection_pad2d([0, 0, padding, padding]).conv2d(
        &kernel,
        None::<Tensor>,
        [1, 1],
        [0, 0],
        [1, 1],
        1,
    )
}

/// Lanczos' window, sinc(x) · sinc(x / 3) for |x| < 3, at the multiples of `ratio` < 1; it adds up
/// to 1.
fn lanczos_kernel(ratio: f64) -> Vec<f64> {
    let reach = (LOBES / ratio + 1.0).ceil() as i64 - 2;
    let window = |i: i64| {
        let x = i as f64 * ratio;
        if x.abs() < LOBES { sinc(x) * sinc(x / LOBES) } else { 0.0 }
    };
    let values: Vec<f64> = (-reach..=reach).map(window).collect();
    let sum: f64 = values.iter().sum();
    values.into_iter().map(|value| value / sum).collect()
}

fn sinc(x: f64) -> f64 {
    let pi_x = std::f64::consts::PI * x;
    if x == 0.0 { 1.0 } else { pi_x.sin() / pi_x }
}
