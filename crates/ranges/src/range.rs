use std::fmt::{self, Display, Formatter};
use std::ops::{Bound, RangeBounds as _};

use schemars::Schema;

use super::Number;

/// A number outside its range.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("{setting} is {value}, but must be {allowed}")]
pub struct OutOfRange {
    /// The setting's name, as it is written in an experiment.
    pub setting: &'static str,
    /// The value given.
    pub value: String,
    /// The values allowed, such as "at least 1 and at most 4096".
    pub allowed: String,
}

/// An interval of numbers of single precision, in which latents are optimized: libtorch refuses
/// larger scalars in the middle of a step. Infinities and NaN lie in none.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Range {
    low: Bound<f64>,
    high: Bound<f64>,
}

/// The largest number of single precision.
const SINGLE: f64 = f32::MAX as f64;

impl Range {
    /// Every number.
    pub const FINITE: Self = Self::new(Bound::Unbounded, Bound::Unbounded);
    /// Above 0.
    pub const POSITIVE: Self = Self::above(0.0);
    /// 0 and above.
    pub const NOT_NEGATIVE: Self = Self::at_least(0.0);
    /// From 0 to below 1.
    pub const FROM_0_BELOW_1: Self = Self::new(Bound::Included(0.0), Bound::Excluded(1.0));
    /// From 0 to 1.
    pub const FROM_0_TO_1: Self = Self::between(0.0, 1.0);
    /// Between 0 and 1, which are not in it.
    pub const BETWEEN_0_AND_1: Self = Self::new(Bound::Excluded(0.0), Bound::Excluded(1.0));
    /// Above 0, to 1.
    pub const ABOVE_0_TO_1: Self = Self::new(Bound::Excluded(0.0), Bound::Included(1.0));

    /// The numbers from `low` to `high`, as the bounds say.
    pub const fn new(low: Bound<f64>, high: Bound<f64>) -> Self {
        Self { low, high }
    }

    /// From `low` to `high`, both in it.
    pub const fn between(low: f64, high: f64) -> Self {
        Self::new(Bound::Included(low), Bound::Included(high))
    }

    /// `low` and above.
    pub const fn at_least(low: f64) -> Self {
        Self::new(Bound::Included(low), Bound::Unbounded)
    }

    /// Above `low`.
    pub const fn above(low: f64) -> Self {
        Self::new(Bound::Excluded(low), Bound::Unbounded)
    }

    /// Checks the value of a setting.
    ///
    /// # Errors
    /// When it lies outside.
    pub fn check<T: Number>(self, setting: &'static str, value: T) -> Result<T, OutOfRange> {
        let number = value.real();
        if number.abs() <= SINGLE && self.bounds().contains(&number) {
            return Ok(value);
        }
        Err(self.refusal::<T>(setting, number, &value))
    }

    /// The refusal of `value`, about `number` if it is no `T`.
    pub(super) fn refusal<T: Number>(
        self,
        setting: &'static str,
        number: f64,
        value: &impl Display,
    ) -> OutOfRange {
        let beyond = SINGLE < number.abs() && matches!(self.high, Bound::Unbounded);
        let most = if beyond { T::most() } else { None };
        let most = most.map_or_else(String::new, |most| format!(" and at most {most}"));
        OutOfRange { setting, value: shortly(value), allowed: format!("{self}{most}") }
    }

    /// Writes the range into the JSON schema of a number.
    pub fn describe(self, schema: &mut Schema) {
        match self.low {
            Bound::Included(low) => schema.insert("minimum".into(), low.into()),
            Bound::Excluded(low) => schema.insert("exclusiveMinimum".into(), low.into()),
            Bound::Unbounded => None,
        };
        match self.high {
            Bound::Included(high) => schema.insert("maximum".into(), high.into()),
            Bound::Excluded(high) => schema.insert("exclusiveMaximum".into(), high.into()),
            Bound::Unbounded => None,
        };
        if schema.get("type").is_some_and(|kind| kind == "number") {
            describe_single(schema);
        }
    }

    fn bounds(self) -> (Bound<f64>, Bound<f64>) {
        (self.low, self.high)
    }
}

/// The ends that numbers of single precision have where a range states none.
fn describe_single(schema: &mut Schema) {
    for (inclusive, exclusive, end) in
        [("minimum", "exclusiveMinimum", -SINGLE), ("maximum", "exclusiveMaximum", SINGLE)]
    {
        if schema.get(inclusive).is_none() && schema.get(exclusive).is_none() {
            schema.insert(inclusive.into(), end.into());
        }
    }
}

impl Display for Range {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let low = match self.low {
            Bound::Included(low) => Some(format!("at least {low}")),
            Bound::Excluded(low) => Some(format!("above {low}")),
            Bound::Unbounded => None,
        };
        let high = match self.high {
            Bound::Included(high) => Some(format!("at most {high}")),
            Bound::Excluded(high) => Some(format!("below {high}")),
            Bound::Unbounded => None,
        };
        let bounds: Vec<String> = low.into_iter().chain(high).collect();
        f.write_str(if bounds.is_empty() { "finite" } else { "" })?;
        f.write_str(&bounds.join(" and "))
    }
}

/// A number as its shortest text: with an exponent rather than hundreds of zeros.
fn shortly(number: &impl Display) -> String {
    let plain = number.to_string();
    match plain.parse::<f64>() {
        Ok(extreme) if plain.len() > 24 => format!("{extreme:e}"),
        _ => plain,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn refuses_in_one_style() {
        let said = |range: Range, value: f64| range.check("lr", value).unwrap_err().to_string();
        assert_eq!(said(Range::POSITIVE, -15.0), "lr is -15, but must be above 0");
        assert_eq!(said(Range::FROM_0_BELOW_1, 1.0), "lr is 1, but must be at least 0 and below 1");
        assert_eq!(said(Range::FINITE, f64::NAN), "lr is NaN, but must be finite");
        let beyond = "lr is 1e300, but must be above 0 and at most 3.4028235e38 (single precision)";
        assert_eq!(said(Range::POSITIVE, 1e300), beyond);
        assert_eq!(Range::between(1.0, 4096.0).to_string(), "at least 1 and at most 4096");
    }

    #[test]
    fn states_where_single_precision_ends() {
        for (range, low) in [(Range::POSITIVE, None), (Range::FINITE, Some(-SINGLE))] {
            let mut schema = schemars::json_schema!({ "type": "number" });
            range.describe(&mut schema);
            let bound = |name: &str| schema.get(name).and_then(|bound| bound.as_f64());
            assert_eq!((bound("minimum"), bound("maximum")), (low, Some(SINGLE)));
            assert!(range.check("lr", SINGLE).is_ok() && range.check("lr", 1.01 * SINGLE).is_err());
        }
        let mut whole = schemars::json_schema!({ "type": "integer" });
        Range::NOT_NEGATIVE.describe(&mut whole);
        assert_eq!(whole.get("maximum"), None, "whole numbers end with their type");
    }

    proptest! {
        /// The bounds that a schema states are those that are checked.
        #[test]
        fn checks_what_the_schema_states(low in -1e6..1e6_f64, width in 0.0..1e6_f64, value in -3e6..3e6_f64) {
            let range = Range::between(low, low + width);
            let mut schema = Schema::default();
            range.describe(&mut schema);
            let bound = |name: &str| schema.get(name).and_then(|bound| bound.as_f64()).unwrap();
            let inside = bound("minimum") <= value && value <= bound("maximum");
            prop_assert_eq!(range.check("lr", value).is_ok(), inside);
        }
    }
}
