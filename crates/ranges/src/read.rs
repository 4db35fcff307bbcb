use std::fmt;
use std::marker::PhantomData;

use serde::de::{Deserializer, Error, Unexpected, Visitor};

use super::{Number, Range};

/// Reads a setting and checks it, so that the error points at the value in the file.
///
/// # Errors
/// When it is no number of this kind, or lies outside `range`.
pub fn read<'de, D: Deserializer<'de>, T: Number>(
    deserializer: D,
    setting: &'static str,
    range: Range,
) -> Result<T, D::Error> {
    deserializer.deserialize_any(NumberVisitor { setting, range, number: PhantomData })
}

/// Accepts whatever stands where a number should, so that the error can name the range.
struct NumberVisitor<T> {
    setting: &'static str,
    range: Range,
    number: PhantomData<T>,
}

impl<T: Number> NumberVisitor<T> {
    fn whole<E: Error>(&self, whole: i128) -> Result<T, E> {
        match T::of_whole(whole) {
            Some(number) => self.range.check(self.setting, number).map_err(E::custom),
            None => Err(E::custom(self.range.refusal::<T>(self.setting, f64::INFINITY, &whole))),
        }
    }
}

impl<T: Number> Visitor<'_> for NumberVisitor<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, {}", T::KIND, self.range)
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
            Some(number) => self.range.check(self.setting, number).map_err(E::custom),
            None => Err(E::invalid_type(Unexpected::Float(number), &self)),
        }
    }
}
