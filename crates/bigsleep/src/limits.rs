//! The ranges that settings must lie in, checked once, when they are read.

use serde::de::{Deserializer, Error, Unexpected, Visitor};
use std::fmt;
use std::marker::PhantomData;
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
    Err(OutOfRange { setting, value: shortly(&value), allowed: in_words(range) })
}

/// Reads a setting and checks it, so that the error points at the value in the file.
pub(crate) fn read<'de, D, T, R>(deserializer: D, setting: &'static str, range: &R) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Number,
    R: RangeBounds<T>,
{
    deserializer.deserialize_any(NumberVisitor { setting, range, number: PhantomData })
}

/// A kind of number that settings have.
pub(crate) trait Number: PartialOrd + fmt::Display {
    /// What people call it.
    const KIND: &'static str;

    /// A whole number as one, if it can be.
    fn of_whole(whole: i128) -> Option<Self>
    where
        Self: Sized;

    /// Any number as one, if it can be.
    fn of_real(real: f64) -> Option<Self>
    where
        Self: Sized;
}

impl Number for u32 {
    const KIND: &'static str = "a whole number";

    fn of_whole(whole: i128) -> Option<Self> {
        Self::try_from(whole).ok()
    }

    fn of_real(_: f64) -> Option<Self> {
        None
    }
}

impl Number for f64 {
    const KIND: &'static str = "a number";

    fn of_whole(whole: i128) -> Option<Self> {
        Some(whole as Self)
    }

    fn of_real(real: f64) -> Option<Self> {
        Some(real)
    }
}

/// Whatever stands where a number should, so that the error can name the range.
struct NumberVisitor<'r, T, R> {
    setting: &'static str,
    range: &'r R,
    number: PhantomData<T>,
}

impl<T: Number, R: RangeBounds<T>> NumberVisitor<'_, T, R> {
    fn whole<E: Error>(&self, whole: i128) -> Result<T, E> {
        match T::of_whole(whole) {
            Some(number) => within(self.setting, number, self.range).map_err(E::custom),
            None => {
                let (setting, value) = (self.setting, whole.to_string());
                Err(E::custom(OutOfRange { setting, value, allowed: in_words(self.range) }))
            }
        }
    }
}

impl<T: Number, R: RangeBounds<T>> Visitor<'_> for NumberVisitor<'_, T, R> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, {}", T::KIND, in_words(self.range))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<T, E> {
        self.whole(i128::from(number))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<T, E> {
        self.whole(i128::from(number))
    }

    fn visit_i128<E: Error>(self, number: i128) -> Result<T, E> {
        self.whole(number)
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<T, E> {
        match T::of_real(number) {
            Some(number) => within(self.setting, number, self.range).map_err(E::custom),
            None => Err(E::invalid_type(Unexpected::Float(number), &self)),
        }
    }
}

/// A number as its shortest text: with an exponent rather than hundreds of zeros.
fn shortly(number: &impl fmt::Display) -> String {
    let plain = number.to_string();
    match plain.parse::<f64>() {
        Ok(extreme) if plain.len() > 24 => format!("{extreme:e}"),
        _ => plain,
    }
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
