//! Means and standard deviations.

/// The mean of `values`; `None` without any.
pub fn mean(values: &[f64]) -> Option<f64> {
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
}

/// The standard deviation of a sample (divided by n − 1); `None` below two values.
pub fn sample_sd(values: &[f64]) -> Option<f64> {
    let mean = mean(values).filter(|_| values.len() > 1)?;
    let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
    Some((squares / (values.len() - 1) as f64).sqrt())
}

/// The standard deviation within groups that may differ in level: the root of their squares around
/// their own means, over Σ (n − 1). `None` where no group has two values.
pub fn pooled_sd(groups: &[Vec<f64>]) -> Option<f64> {
    let degrees: usize = groups.iter().map(|group| group.len().saturating_sub(1)).sum();
    let squares = |group: &Vec<f64>| sample_sd(group).map_or(0.0, |sd| sd.powi(2) * (group.len() - 1) as f64);
    (0 < degrees).then(|| (groups.iter().map(squares).sum::<f64>() / degrees as f64).sqrt())
}

/// t of a sample of `n` values from their sum and their sum of squares: mean / (sd / √n).
///
/// Infinite where all values are equal and not zero, 0 where all are zero. The sample's spread is
/// taken for none below the rounding of its squares.
pub(crate) fn t_value(n: usize, sum: f64, squares: f64) -> f64 {
    const ROUNDING: f64 = 1e-13;
    let n = n as f64;
    let spread = squares - sum * sum / n; // Σ (x - mean)²
    if squares <= 0.0 {
        0.0
    } else if spread <= ROUNDING * squares {
        f64::INFINITY.copysign(sum)
    } else {
        sum / n / (spread / (n - 1.0) / n).sqrt()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn t(values: &[f64]) -> f64 {
        t_value(values.len(), values.iter().sum(), values.iter().map(|x| x * x).sum())
    }

    #[test]
    fn t_is_the_mean_over_its_standard_error() {
        // 1, 2, 6: mean 3, variance 7.
        assert!((t(&[1.0, 2.0, 6.0]) - 3.0 / (7.0_f64 / 3.0).sqrt()).abs() < 1e-12);
    }

    #[test]
    fn a_pooled_deviation_leaves_out_the_groups_levels() {
        // Squares 2 and 8 with one degree of freedom each; a single value has none.
        let groups = [vec![1.0, 3.0], vec![10.0, 14.0], vec![100.0]];
        assert!((pooled_sd(&groups).unwrap() - 5.0_f64.sqrt()).abs() < 1e-12);
        assert_eq!(pooled_sd(&[vec![1.0], Vec::new()]), None);
    }

    #[test]
    fn equal_values_have_an_infinite_t_with_their_sign() {
        assert_eq!(t(&[0.1; 7]), f64::INFINITY);
        assert_eq!(t(&[-0.1; 7]), f64::NEG_INFINITY);
        assert_eq!(t(&[0.0; 7]), 0.0);
    }
}
