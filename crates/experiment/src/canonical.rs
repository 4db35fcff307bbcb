//! One spelling for each value of a setting, so that labels and folders do not depend on how it is
//! written.

use std::collections::BTreeMap;

use toml::Value;

/// The value with whole numbers as integers (`10.0` is `10`) and keys of tables in order.
pub(crate) fn canonical(value: Value) -> Value {
    match value {
        Value::Float(number) => whole(number).map_or(Value::Float(number), Value::Integer),
        Value::Array(values) => Value::Array(values.into_iter().map(canonical).collect()),
        Value::Table(table) => {
            let sorted: BTreeMap<String, Value> =
                table.into_iter().map(|(key, value)| (key, canonical(value))).collect();
            Value::Table(sorted.into_iter().collect())
        }
        value => value,
    }
}

/// The whole number that a floating-point number is, if it is one and all its neighbors are told
/// apart.
fn whole(number: f64) -> Option<i64> {
    const EXACT: f64 = (1_i64 << f64::MANTISSA_DIGITS) as f64;
    (number.fract() == 0.0 && number.abs() < EXACT).then_some(number as i64)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(text: &str) -> Value {
        canonical(format!("value = {text}").parse::<toml::Table>().unwrap()["value"].clone())
    }

    #[test]
    fn spells_whole_numbers_in_one_way_and_leaves_others() {
        for ten in ["10", "10.0", "1e1", "+10", "0xA", "1_0", "100e-1"] {
            assert_eq!(read(ten).to_string(), "10", "{ten}");
        }
        for zero in ["0", "0.0", "-0.0"] {
            assert_eq!(read(zero).to_string(), "0", "{zero}");
        }
        assert_eq!(read("0.05").to_string(), "0.05");
        assert_eq!(read("5e-2").to_string(), "0.05");
        assert_eq!(read("\"10.0\"").to_string(), "\"10.0\"", "a text is no number");
    }

    #[test]
    fn spells_tables_in_one_way() {
        let schedule = read("{ warmup = 10.0, then = \"cosine\" }");
        assert_eq!(schedule.to_string(), read("{ then = \"cosine\", warmup = 10 }").to_string());
    }

    proptest! {
        #[test]
        fn spellings_of_one_number_are_one(number in -(1_i64 << 52)..1_i64 << 52) {
            prop_assert_eq!(read(&number.to_string()), read(&format!("{number}.0")));
        }

        #[test]
        fn no_number_changes_its_value(number in any::<f64>().prop_filter("finite", |n| n.is_finite())) {
            let value = match canonical(Value::Float(number)) {
                Value::Integer(whole) => whole as f64,
                Value::Float(number) => number,
                other => panic!("{other}"),
            };
            prop_assert_eq!(value, number);
        }
    }
}
