//! The ranges that settings must lie in, checked once, when they are read.

use serde::Deserialize;
use serde::de::{Deserializer, Error};
use std::fmt;
use std::ops::{Bound, RangeBounds};
use thiserror::Error;

/// A setting outside its range.
#[derive(Clone, Debug, PartialEq, Error)]
#[error("{setting} is {value}, but must be {allowed}")]
pub struct OutOfRange {
    /// The setting's name, as it is written in an experiment.
    pub setting: &'static str,
    /// The value given.
    pub value: String,
    /// The values allowed, for example "at least 1 and at most 4096".
    pub allowed: String,
}

/// `value`, if it lies in `range` (NaN lies in none).
pub(crate) fn within<T>(setting: &'static str, value: T, range: &impl RangeBounds<T>) -> Result<T, OutOfRange>
where
    T: PartialOrd + fmt::Display,
{
    if range.contains(&value) {
        return Ok(value);
    }
    Err(OutOfRange { setting, value: value.to_string(), allowed: in_words(range) })
}

/// Reads a setting and checks it, so that the error points at the value in the file.
pub(crate) fn read<'de, D, T>(
    deserializer: D,
    setting: &'static str,
    range: &impl RangeBounds<T>,
) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de> + PartialOrd + fmt::Display,
{
    within(setting, T::deserialize(deserializer)?, range).map_err(D::Error::custom)
}

fn in_words<T: fmt::Display>(range: &impl RangeBounds<T>) -> String {
    let from = match range.start_bound() {
        Bound::Included(start) => Some(format!("at least {start}")),
        Bound::Excluded(start) => Some(format!("above {start}")),
        Bound::Unbounded => None,
    };
    let to = match range.end_bound() {
        Bound::Included(end) => Some(format!("at most {end}")),
        Bound::Excluded(end) => Some(format!("below {end}")),
        Bound::Unbounded => None,
    };
    [from, to].into_iter().flatten().collect::<Vec<_>>().join(" and ")
}
