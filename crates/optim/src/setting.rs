//! The settings by name, each with the range it is checked against on entry.
//!
//! Names are PyTorch's; where PyTorch has a tuple (`betas`, `etas`, `step_sizes`,
//! `ns_coefficients`) each entry has a name of its own, because an experiment reads a list as an
//! axis of values to try.

use std::borrow::Cow;

use ranges::{OutOfRange, Range};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize};

use crate::preset::Preset;

/// Declares settings: newtypes of a number that are checked where they come in.
macro_rules! settings {
    ($kind:literal $number:tt $schema:literal: $($(#[$doc:meta])* $type:ident = $name:literal, $range:expr;)*) => {$(
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
                Self::RANGE.check($name, value).map(Self)
            }
        }

        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                ranges::read(deserializer, $name, Self::RANGE).map(Self)
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
                let mut schema = json_schema!({ "type": $schema });
                Self::RANGE.describe(&mut schema);
                schema
            }
        }
    )*};
}

settings! { "f64" f64 "number":
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
    EtaPlus = "etaplus", Range::above(1.0);
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
    StepBy = "by", Range::ABOVE_0_TO_1;
}

settings! { "i64" i64 "integer":
    /// Iterations of Newton-Schulz (Muon).
    NsSteps = "ns_steps", Range::between(1.0, 99.0);
    /// Steps over which a learning rate rises at the start.
    Warmup = "warmup", Range::NOT_NEGATIVE;
    /// Steps between two stairs.
    StepEvery = "every", Range::at_least(1.0);
}
