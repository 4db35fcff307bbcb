//! Steps to a target, some of which is never reached.

/// The restricted mean of the steps to a target: misses (`None`) count as all `steps`.
///
/// `None` without runs.
pub fn restricted_mean(reached: &[Option<u32>], steps: u32) -> Option<f64> {
    let sum: f64 = reached.iter().map(|step| f64::from(step.unwrap_or(steps).min(steps))).sum();
    (!reached.is_empty()).then(|| sum / reached.len() as f64)
}

/// The share of runs that reached the target by `step`: the ECDF; `None` without runs.
pub fn share_reached(reached: &[Option<u32>], step: u32) -> Option<f64> {
    let by_then = reached.iter().filter(|at| at.is_some_and(|at| at <= step)).count();
    (!reached.is_empty()).then(|| by_then as f64 / reached.len() as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn misses_count_as_all_steps() {
        let reached = [Some(10), None, Some(30)];
        assert_eq!(restricted_mean(&reached, 50), Some(30.0));
        assert_eq!(share_reached(&reached, 10), Some(1.0 / 3.0));
        assert_eq!(share_reached(&reached, 50), Some(2.0 / 3.0));
        assert_eq!(restricted_mean(&[], 50), None);
    }
}
