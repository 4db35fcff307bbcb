//! An entry of a table.

use std::fmt::{self, Display, Formatter};

/// An entry of a table, which CSV and the page write alike.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Value {
    /// Nothing is known: an empty entry, never 0.
    Missing,
    Text(String),
    Whole(u64),
    Flag(bool),
    /// A finite number with so many decimals.
    Real(f64, usize),
    /// A number of single precision with the digits that tell it from every other.
    Single(f32),
}

impl Value {
    /// A number with so many decimals; missing where it is not finite.
    pub(crate) fn real(value: impl Into<Option<f64>>, decimals: usize) -> Self {
        value
            .into()
            .filter(|value| value.is_finite())
            .map_or(Self::Missing, |value| Self::Real(value, decimals))
    }

    /// 100 × a share or cosine, with four decimals.
    pub(crate) fn hundredfold(value: impl Into<Option<f64>>) -> Self {
        Self::real(value.into().map(|value| 100.0 * value), 4)
    }

    /// The value as a number, if it is one.
    pub(crate) fn number(&self) -> Option<f64> {
        match self {
            Self::Missing | Self::Text(_) | Self::Flag(_) => None,
            Self::Whole(value) => Some(*value as f64),
            Self::Real(value, _) => Some(*value),
            Self::Single(value) => Some(f64::from(*value)),
        }
    }
}

/// The value as CSV writes it.
impl Display for Value {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing => Ok(()),
            Self::Text(text) => f.write_str(text),
            Self::Whole(value) => write!(f, "{value}"),
            Self::Flag(value) => write!(f, "{value}"),
            Self::Real(value, decimals) => write!(f, "{value:.decimals$}"),
            Self::Single(value) => write!(f, "{value}"),
        }
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<&String> for Value {
    fn from(text: &String) -> Self {
        Self::Text(text.clone())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<bool> for Value {
    fn from(flag: bool) -> Self {
        Self::Flag(flag)
    }
}

impl From<u64> for Value {
    fn from(value: u64) -> Self {
        Self::Whole(value)
    }
}

impl From<u32> for Value {
    fn from(value: u32) -> Self {
        Self::Whole(value.into())
    }
}

impl From<usize> for Value {
    fn from(value: usize) -> Self {
        Self::Whole(value as u64)
    }
}

impl<T: Into<Self>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Missing, T::into)
    }
}
