//! The settings by name, each with the range it is checked against on entry.
//!
//! Names are PyTorch's; where PyTorch has a tuple (`betas`, `etas`, `step_sizes`, `ns_coefficients`) each entry has a
//! name of its own, because an experiment reads a list as an axis of values to try.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;
use std::ops::{Bound, RangeBounds};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Error, Unexpected, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

use crate::declare::Preset;

/// A setting was given a value that it cannot have.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
#[error("{name} = {} is out of range: it must be {allowed}{}", shortly(*value), also_single(*value, *allowed))]
pub struct OutOfRange {
    /// The setting.
    pub name: &'static str,
    /// The value given.
    pub value: f64,
    /// The range allowed.
    pub allowed: Range,
}

/// The largest number of single precision, in which latents are optimized: libtorch refuses larger
/// scalars in the middle of a step.
const SINGLE: f64 = f32::MAX as f64;

/// The bound that no range states, for values beyond it.
fn also_single(value: f64, allowed: Range) -> String {
    let beyond = value.is_finite() && SINGLE < value.abs() && matches!(allowed.high, Bound::Unbounded);
    if beyond { format!(", and at most {:e} (single precision)", f32::MAX) } else { String::new() }
}

/// An interval of single-precision numbers. Infinities and NaN lie in none.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Range {
    low: Bound<f64>,
    high: Bound<f64>,
}

impl Range {
    const POSITIVE: Self = Self { low: Bound::Excluded(0.0), high: Bound::Unbounded };
    const NOT_NEGATIVE: Self = Self { low: Bound::Included(0.0), high: Bound::Unbounded };
    const FROM_0_BELOW_1: Self = Self { low: Bound::Included(0.0), high: Bound::Excluded(1.0) };
    const BETWEEN_0_AND_1: Self = Self { low: Bound::Excluded(0.0), high: Bound::Excluded(1.0) };
    const FINITE: Self = Self { low: Bound::Unbounded, high: Bound::Unbounded };
    const FROM_0_TO_1: Self = Self { low: Bound::Included(0.0), high: Bound::Included(1.0) };

    fn contains(self, value: f64) -> bool {
        value.abs() <= SINGLE && (self.low, self.high).contains(&value)
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

/// Declares settings: newtypes of a number that are checked where they come in.
macro_rules! settings {
    ($kind:literal $number:tt: $($(#[$doc:meta])* $type:ident = $name:literal, $range:expr;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Serialize)]
        #[serde(into = $kind)]
        pub struct $type(pub(crate) $number);

        impl $type {
            /// The values it may have.
            pub const RANGE: Range = $range;

            /// The number.
            pub fn get(self) -> $number {
                self.0
            }
        }

        impl TryFrom<$number> for $type {
            type Error = OutOfRange;

            fn try_from(value: $number) -> Result<Self, OutOfRange> {
                if Self::RANGE.contains(value as f64) {
                    Ok(Self(value))
                } else {
                    Err(OutOfRange { name: $name, value: value as f64, allowed: Self::RANGE })
                }
            }
        }

        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let number = deserializer.deserialize_any(NumberVisitor::<$number> {
                    name: $name,
                    range: Self::RANGE,
                    number: PhantomData,
                })?;
                Self::try_from(number).map_err(D::Error::custom)
            }
        }

        impl Preset<$number> for $type {
            fn preset(value: $number) -> Self {
                Self(value)
            }
        }

        impl From<$type> for $number {
            fn from(setting: $type) -> $number {
                setting.0
            }
        }

        impl JsonSchema for $type {
            fn inline_schema() -> bool {
                true
            }

            fn schema_name() -> Cow<'static, str> {
                stringify!($type).into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                number_within($kind, Self::RANGE)
            }
        }
    )*};
}

settings! { "f64" f64:
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
    /// α: how much of the squared gradients' average is kept from step to step (RMSprop).
    Smoothing = "alpha", Range::FROM_0_BELOW_1;
    /// ρ: how much of the squares' averages is kept from step to step (Adadelta).
    Rho = "rho", Range::FROM_0_BELOW_1;
    /// Decay rate of the learning rate (Adagrad).
    LrDecay = "lr_decay", Range::NOT_NEGATIVE;
    /// Initial sum of squared gradients (Adagrad).
    InitialAccumulator = "initial_accumulator_value", Range::NOT_NEGATIVE;
    /// ψ: how fast the momentum approaches β₁ (NAdam).
    MomentumDecay = "momentum_decay", Range::NOT_NEGATIVE;
    /// η⁻: what a step is multiplied by where the gradient changed sign (Rprop).
    EtaMinus = "etaminus", Range::BETWEEN_0_AND_1;
    /// η⁺: what a step is multiplied by where the gradient kept its sign (Rprop).
    EtaPlus = "etaplus", Range { low: Bound::Excluded(1.0), high: Bound::Unbounded };
    /// Γ₋: the smallest step of an entry (Rprop).
    StepSizeMin = "step_size_min", Range::POSITIVE;
    /// Γ₊: the largest step of an entry (Rprop).
    StepSizeMax = "step_size_max", Range::POSITIVE;
    /// λ: how fast the step decays, and parameters with it (ASGD).
    Lambd = "lambd", Range::NOT_NEGATIVE;
    /// α: the power of the step's decay (ASGD).
    DecayPower = "alpha", Range::NOT_NEGATIVE;
    /// t₀: the step after which averaging begins (ASGD).
    AverageAfter = "t0", Range::NOT_NEGATIVE;
    /// β₃: how much of the third average is kept from step to step (Adan).
    Beta3 = "beta3", Range::FROM_0_BELOW_1;
    /// d₀: the first guess of the distance to the solution (Prodigy).
    InitialDistance = "d0", Range::POSITIVE;
    /// Coefficient of the distance estimate (Prodigy).
    DistanceCoefficient = "d_coef", Range::POSITIVE;
    /// a: the weight of X in the Newton-Schulz polynomial (Muon).
    NsA = "ns_a", Range::FINITE;
    /// b: the weight of (XXᵀ)X in the Newton-Schulz polynomial (Muon).
    NsB = "ns_b", Range::FINITE;
    /// c: the weight of (XXᵀ)²X in the Newton-Schulz polynomial (Muon).
    NsC = "ns_c", Range::FINITE;
    /// The factor that a decay ends at.
    LinearTo = "linear-to", Range::FROM_0_TO_1;
    /// The factor that a decay ends at.
    CosineTo = "cosine-to", Range::FROM_0_TO_1;
    /// Multiplier of the factor at every stair.
    StepBy = "by", Range { low: Bound::Excluded(0.0), high: Bound::Included(1.0) };
}

settings! { "i64" i64:
    /// Iterations of Newton-Schulz (Muon).
    NsSteps = "ns_steps", Range { low: Bound::Included(1.0), high: Bound::Included(99.0) };
    /// Steps over which a learning rate rises at the start.
    Warmup = "warmup", Range::NOT_NEGATIVE;
    /// Steps between two stairs.
    StepEvery = "every", Range { low: Bound::Included(1.0), high: Bound::Unbounded };
}

/// A kind of number that settings have.
trait Number: Sized {
    /// What people call it.
    const KIND: &'static str;

    /// A whole number as one, if it can be.
    fn of_whole(whole: i128) -> Option<Self>;

    /// Any number as one, if it can be.
    fn of_real(real: f64) -> Option<Self>;
}

impl Number for i64 {
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
struct NumberVisitor<T> {
    name: &'static str,
    range: Range,
    number: PhantomData<T>,
}

impl<T: Number> NumberVisitor<T> {
    fn whole<E: Error>(&self, whole: i128) -> Result<T, E> {
        T::of_whole(whole).ok_or_else(|| {
            let Self { name, range, .. } = self;
            let most = i64::MAX; // only whole numbers end somewhere
            E::custom(format!("{name} = {whole} is out of range: it must be {range} and at most {most}"))
        })
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
        T::of_real(number).ok_or_else(|| E::invalid_type(Unexpected::Float(number), &self))
    }
}

/// A number as its shortest text: with an exponent rather than hundreds of zeros.
fn shortly(number: f64) -> String {
    let plain = number.to_string();
    if plain.len() > 24 { format!("{number:e}") } else { plain }
}

fn number_within(kind: &str, Range { low, high }: Range) -> Schema {
    let mut schema = json_schema!({ "type": if kind == "i64" { "integer" } else { "number" } });
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
