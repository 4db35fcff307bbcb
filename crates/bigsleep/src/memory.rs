//! Running out of memory is an error here, not a panic.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use torch_ext::{is_exhaustion, panic_message};

use crate::DreamError;

/// Runs `compute`, which must leave nothing half changed: wherever in the networks memory runs out,
/// it shows as a panic. Other panics go on.
pub(crate) fn catch_exhaustion<T>(compute: impl FnOnce() -> T) -> Result<T, DreamError> {
    catch_unwind(AssertUnwindSafe(compute)).or_else(|panic| match panic_message(panic.as_ref()) {
        Some(message) if is_exhaustion(message) => {
            Err(DreamError::OutOfMemory { message: message.to_owned() })
        }
        _ => resume_unwind(panic),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use tch::{Device, Kind, Tensor};

    #[test]
    fn an_allocation_that_fails_is_an_error() {
        let too_much = || Tensor::zeros([1 << 50], (Kind::Float, Device::Cpu));
        let error = catch_exhaustion(too_much).unwrap_err();
        assert!(matches!(error, DreamError::OutOfMemory { .. }), "{error}");
    }

    #[test]
    #[should_panic = "something else"]
    fn other_panics_go_on() {
        let _ = catch_exhaustion(|| panic!("something else"));
    }
}
