//! Figures that could not be drawn: the rest of the report is made without it.

use std::collections::BTreeMap;
use std::error::Error;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Mutex, PoisonError};

use super::draw::DrawError;

/// Something that the report had to leave out, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// An image's path, or the figure that was to be made, such as `plots/similarity`.
    pub what: String,
    /// The error with its causes, in one line.
    pub why: String,
}

/// The faults met so far, each once however many figures it concerns.
#[derive(Debug, Default)]
pub(super) struct Faults(Mutex<BTreeMap<String, String>>);

impl Faults {
    /// The value, if there is one; else the reason is kept, as one of `what` unless it names an
    /// image itself.
    pub(super) fn keep<T>(&self, what: &str, result: Result<T, DrawError>) -> Option<T> {
        match result {
            Ok(value) => return Some(value),
            Err(DrawError::Image { path, source }) => self.add(printable::path(&path), &source),
            Err(error) => self.add(what.to_owned(), &error),
        }
        None
    }

    /// All of them, by name.
    pub(super) fn list(&self) -> Vec<Fault> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.iter().map(|(what, why)| Fault { what: what.clone(), why: why.clone() }).collect()
    }

    fn add(&self, what: String, error: &dyn Error) {
        let mut why = error.to_string();
        let mut cause = error.source();
        while let Some(error) = cause {
            why += &format!(": {error}");
            cause = error.source();
        }
        self.0.lock().unwrap_or_else(PoisonError::into_inner).entry(what).or_insert(why);
    }
}

/// The result of `draw`; a panic of it is an error.
pub(super) fn guarded<T>(draw: impl FnOnce() -> Result<T, DrawError>) -> Result<T, DrawError> {
    catch_unwind(AssertUnwindSafe(draw)).unwrap_or_else(|panic| {
        let message = panic.downcast_ref::<&str>().map(|message| (*message).to_owned());
        let message = message.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_default();
        Err(DrawError::Panicked { message })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_a_fault_with_its_message() {
        let faults = Faults::default();
        let drawn = guarded(|| -> Result<(), DrawError> { panic!("no {}", "paper") });
        assert_eq!(faults.keep("plots/similarity", drawn), None);
        assert_eq!(faults.keep("plots/judge", guarded(|| Ok(1))), Some(1));
        let why = "a fault of this program ended the drawing: no paper".to_owned();
        assert_eq!(faults.list(), [Fault { what: "plots/similarity".to_owned(), why }]);
    }
}
