//! The settings by name, each with the range it is checked against on entry.
//!
//! Names are PyTorch's; where PyTorch has a tuple (`betas`, `etas`, `step_sizes`, `ns_coefficients`) each entry has a
//! name of its own, because an experiment reads a list as an axis of values to try.

use std::fmt;
use std::ops::{Bound, RangeBounds};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// A setting was given a value that it cannot have.
#[derive(Clone, Copy, Debug, PartialEq, Error)]
#[error("{name} = {value} is out of range: it must be {allowed}")]
pub struct OutOfRange {
    /// The setting.
    pub name: &'static str,
    /// What it was given.
    pub value: f64,
    /// What it may be.
    pub allowed: Range,
}

/// An interval of real numbers. Infinities and NaN lie in none.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Range {
    low: Bound<f64>,
    high: Bound<f64>,
}

impl Range {
    const POSITIVE: Self = Self { low: Bound::Excluded(0.0), high: Bound::Unbounded };
    const NOT_NEGATIVE: Self = Self { low: Bound::Included(0.0), high: Bound::Unbounded };
    const FROM_0_BELOW_1: Self = Self { low: Bound::Included(0.0), high: Bound::Excluded(1.0) };
    const FROM_0_TO_1: Self = Self { low: Bound::Included(0.0), high: Bound::Included(1.0) };

    fn contains(self, value: f64) -> bool {
        value.is_finite() && (self.low, self.high).contains(&value)
    }
}

impl fmt::Display for Range {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.low {
            Bound::Included(low) => write!(f, "at least {low}")?,
            Bound::Excluded(low) => write!(f, "greater than {low}")?,
            Bound::Unbounded => write!(f, "finite")?,
        }
        match self.high {
            Bound::Included(high) => write!(f, " and at most {high}"),
            Bound::Excluded(high) => write!(f, " and less than {high}"),
            Bound::Unbounded => Ok(()),
        }
    }
}

macro_rules! settings {
    ($($(#[$doc:meta])* $type:ident = $name:literal, $range:expr;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
        #[serde(try_from = "f64", into = "f64")]
        pub struct $type(pub(crate) f64);

        impl $type {
            /// The values it may have.
            pub const RANGE: Range = $range;

            /// The number.
            pub fn get(self) -> f64 {
                self.0
            }
        }

        impl TryFrom<f64> for $type {
            type Error = OutOfRange;

            fn try_from(value: f64) -> Result<Self, OutOfRange> {
                if Self::RANGE.contains(value) {
                    Ok(Self(value))
                } else {
                    Err(OutOfRange { name: $name, value, allowed: Self::RANGE })
                }
            }
        }

        impl From<$type> for f64 {
            fn from(setting: $type) -> f64 {
                setting.0
            }
        }

        impl JsonSchema for $type {
            fn inline_schema() -> bool {
                true
            }

            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($type).into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                number_within(Self::RANGE)
            }
        }
    )*};
}

settings! {
    /// γ: how far a step goes.
    LearningRate = "lr", Range::POSITIVE;
    /// β₁: how much of the first moment is kept from step to step.
    Beta1 = "beta1", Range::FROM_0_BELOW_1;
    /// β₂: how much of the second moment is kept from step to step.
    Beta2 = "beta2", Range::FROM_0_BELOW_1;
    /// ε: keeps a denominator away from zero.
    Eps = "eps", Range::NOT_NEGATIVE;
    /// λ: pulls parameters towards zero; each optimizer says how.
    WeightDecay = "weight_decay", Range::NOT_NEGATIVE;
    /// μ: how much of the velocity is kept from step to step.
    Momentum = "momentum", Range::FROM_0_BELOW_1;
    /// τ: how much of a new gradient is kept out of the velocity.
    Dampening = "dampening", Range::FROM_0_TO_1;
}

fn number_within(Range { low, high }: Range) -> Schema {
    let mut schema = json_schema!({ "type": "number" });
    match low {
        Bound::Included(low) => schema.insert("minimum".into(), low.into()),
        Bound::Excluded(low) => schema.insert("exclusiveMinimum".into(), low.into()),
        Bound::Unbounded => None,
    };
    match high {
        Bound::Included(high) => schema.insert("maximum".into(), high.into()),
        Bound::Excluded(high) => schema.insert("exclusiveMaximum".into(), high.into()),
        Bound::Unbounded => None,
    };
    schema
}
