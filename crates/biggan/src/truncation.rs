use tch::Tensor;

/// The statistics for a truncation, out of those stored for truncations evenly spaced from 0 to 1.
///
/// `stored: [n, c]` → `[c]`. Between two stored truncations the statistics are interpolated
/// linearly, the nearer one weighing more. (`pytorch-pretrained-biggan` 0.1.1, `model.py`,
/// `BigGANBatchNorm.forward`, weighs the two the other way round; the two agree where a statistic
/// is stored.) `truncation` is in `[0, 1]`.
pub(crate) fn interpolate(stored: &Tensor, truncation: f64) -> Tensor {
    let last = stored.size()[0] - 1;
    let position = truncation * last as f64;
    let below = (position.floor() as i64).clamp(0, last - 1);
    stored.get(below).lerp(&stored.get(below + 1), position - below as f64)
}

/// The truncations that `n` stored statistics are for.
pub(crate) fn stored_truncations(n: i64) -> impl Iterator<Item = f64> {
    (0..n).map(move |i| i as f64 / (n - 1) as f64)
}
