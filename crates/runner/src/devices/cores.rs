//! The cores that this program may use.

use std::thread;

/// The number of cores to use: `OMP_NUM_THREADS` where it is set, as batch systems and users limit
/// programs; else all that the system grants this process.
pub(crate) fn cores() -> usize {
    stated().unwrap_or_else(|| thread::available_parallelism().map_or(1, usize::from))
}

/// The number of cores that `OMP_NUM_THREADS` states, if it does.
pub(crate) fn stated() -> Option<usize> {
    parsed(&std::env::var("OMP_NUM_THREADS").ok()?)
}

/// A positive number, or the first of a list: one for each level of nested parallelism.
fn parsed(value: &str) -> Option<usize> {
    value.split(',').next()?.trim().parse().ok().filter(|&cores| 0 < cores)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_numbers_and_lists_as_openmp_does() {
        for (value, cores) in [("1", Some(1)), (" 16 ", Some(16)), ("4,2", Some(4))] {
            assert_eq!(parsed(value), cores, "{value}");
        }
        for other in ["", "0", "-1", "all", ",2", "1.5"] {
            assert_eq!(parsed(other), None, "{other}");
        }
    }
}
