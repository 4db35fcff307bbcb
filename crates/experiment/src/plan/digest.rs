use std::fmt::Write;

use serde_json::Value;
use sha2::{Digest, Sha256};

/// SHA-256 (hex) of a value, whatever the order of its keys.
pub fn digest(value: &Value) -> String {
    let mut text = String::new();
    canonical(value, &mut text);
    let hash = Sha256::digest(text.as_bytes());
    hash.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// JSON without spaces, keys sorted, zero without a sign.
fn canonical(value: &Value, text: &mut String) {
    match value {
        Value::Object(map) => {
            let mut entries: Vec<_> = map.iter().collect();
            entries.sort_by_key(|(key, _)| key.as_str());
            text.push('{');
            for (key, value) in entries {
                let _ = write!(text, "{}:", Value::from(key.as_str())); // to a String: cannot fail
                canonical(value, text);
                text.push(',');
            }
            text.push('}');
        }
        Value::Array(values) => {
            text.push('[');
            for value in values {
                canonical(value, text);
                text.push(',');
            }
            text.push(']');
        }
        Value::Number(number) if number.as_f64() == Some(0.0) && number.is_f64() => text.push_str("0.0"),
        scalar => {
            let _ = write!(text, "{scalar}");
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_order_of_keys_does_not_matter_and_everything_else_does() {
        let one = digest(&json!({ "a": 1, "b": [1, { "c": 2.0 }] }));
        assert_eq!(one, digest(&json!({ "b": [1, { "c": 2.0 }], "a": 1 })));
        assert_ne!(one, digest(&json!({ "a": 1, "b": [{ "c": 2.0 }, 1] })));
        assert_ne!(digest(&json!({ "a": "1" })), digest(&json!({ "a": 1 })));
        assert_ne!(digest(&json!(["a", "b"])), digest(&json!(["a,b"])));
        assert_eq!(digest(&json!(-0.0)), digest(&json!(0.0)), "they are the same number");
    }
}
