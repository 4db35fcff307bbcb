//! Values of settings as they compare: numbers by value, so that 1 and 1.0 are one.

use std::collections::BTreeMap;

use toml::Value;

/// A value of a setting, equal to another if they mean the same.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum ByValue {
    /// A whole number, however it is written.
    Whole(i128),
    /// The bits of another number.
    Fraction(u64),
    /// A text.
    Text(String),
    /// `true` or `false`.
    Truth(bool),
    /// A date.
    Date(String),
    /// A list.
    List(Vec<Self>),
    /// A table.
    Table(BTreeMap<String, Self>),
}

impl From<&Value> for ByValue {
    fn from(value: &Value) -> Self {
        match value {
            Value::Integer(number) => Self::Whole(i128::from(*number)),
            Value::Float(number) => Self::from(*number),
            Value::String(text) => Self::Text(text.clone()),
            Value::Boolean(truth) => Self::Truth(*truth),
            Value::Datetime(date) => Self::Date(date.to_string()),
            Value::Array(values) => Self::List(values.iter().map(Self::from).collect()),
            Value::Table(table) => {
                Self::Table(table.iter().map(|(key, value)| (key.clone(), Self::from(value))).collect())
            }
        }
    }
}

impl From<f64> for ByValue {
    fn from(number: f64) -> Self {
        const EXACT: f64 = (1_u128 << 126) as f64;
        match number {
            whole if whole.fract() == 0.0 && whole.abs() <= EXACT => Self::Whole(whole as i128),
            fraction => Self::Fraction(fraction.to_bits()),
        }
    }
}

impl ByValue {
    /// An optimizer's label, `adam lr=0.02 eps=1e-8`: equal to another if the name and the settings
    /// are, in any order and however their numbers are written.
    pub(crate) fn of_label(label: &str) -> Self {
        let mut words = label.split_whitespace();
        let name = Self::Text(words.next().unwrap_or_default().to_owned());
        let setting = |word: &str| {
            let (key, value) = word.split_once('=').unwrap_or((word, ""));
            let number =
                value.parse::<i64>().map(Value::Integer).or_else(|_| value.parse().map(Value::Float));
            let value = match number {
                Ok(number) => Self::from(&number),
                Err(_) => Self::Text(value.to_owned()),
            };
            Self::List(vec![Self::Text(key.to_owned()), value])
        };
        let mut settings: Vec<Self> = words.map(setting).collect();
        settings.sort();
        Self::List(vec![name, Self::List(settings)])
    }
}

/// A value as people write it: texts without quotes, extreme numbers with an exponent rather than
/// hundreds of zeros.
pub(super) fn text_of(value: &Value) -> String {
    const LONGEST: usize = 40; // longer than any number of a sensible setting: 1e-30 stays as it always was
    match value {
        Value::String(text) => text.clone(),
        Value::Float(number) => {
            let plain = value.to_string();
            if plain.len() <= LONGEST { plain } else { format!("{number:e}") }
        }
        value => value.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn whole_numbers_are_equal_however_they_are_written(number in -(1_i64 << 53)..1_i64 << 53) {
            prop_assert_eq!(ByValue::from(&Value::Integer(number)), ByValue::from(number as f64));
        }

        #[test]
        fn numbers_are_equal_exactly_if_their_values_are(a in any::<f64>(), b in any::<f64>()) {
            prop_assert_eq!(ByValue::from(a) == ByValue::from(b), a == b || (a.is_nan() && b.is_nan() && a.to_bits() == b.to_bits()));
        }

        #[test]
        fn numbers_are_written_shortly_and_read_back(number in any::<f64>().prop_filter("finite", |n| n.is_finite())) {
            let text = text_of(&Value::Float(number));
            prop_assert!(text.len() <= 40, "{}", text);
            prop_assert_eq!(text.parse::<f64>().unwrap(), number);
        }
    }

    #[test]
    fn labels_are_equal_if_their_settings_are() {
        let same = |a: &str, b: &str| ByValue::of_label(a) == ByValue::of_label(b);
        assert!(same("adam lr=1", "adam lr=1.0") && same("adam lr=1.0", "adam  lr=1e0"));
        assert!(same("adam lr=0.02 eps=1e-8", "adam eps=0.00000001 lr=2e-2"));
        assert!(same("sgd nesterov=true", "sgd nesterov=true"));
        for other in ["adam lr=2", "adamw lr=1", "adam", "adam eps=1", "adam lr=1 eps=1"] {
            assert!(!same("adam lr=1", other), "{other}");
        }
    }

    #[test]
    fn ordinary_numbers_are_written_as_they_always_were() {
        let texts =
            [0.05, 1.0, 1e-8, 1e-30, 15.0, 100.0, 1e300, 5e-324, -0.0].map(|n| text_of(&Value::Float(n)));
        insta::assert_snapshot!(texts.join(" "), @"0.05 1.0 0.00000001 0.000000000000000000000000000001 15.0 100.0 1e300 5e-324 -0.0");
    }
}
