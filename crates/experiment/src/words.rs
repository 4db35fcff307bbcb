//! serde's messages in terms of TOML and of the setting: `lr` is the text "x", but
//! must be a number.

use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::error::Fault;

/// A fault out of serde's message about the value at `span` of `table`.
pub(super) fn of_settings(message: &str, span: Range<usize>, table: &DeTable<'_>) -> Fault {
    // serde has no other way to say which names it knows.
    let quoted = || message.split('`').skip(1).step_by(2).map(str::to_owned);
    if message.starts_with("unknown field") || message.starts_with("unknown variant") {
        let what = if message.starts_with("unknown field") { "key" } else { "value" };
        let known: Vec<String> = quoted().skip(1).collect();
        return Fault::unknown(span, what, &quoted().next().unwrap_or_default(), &known);
    }
    if let Some((unknown, known)) = unexpected_keys(message) {
        return Fault::unknown(span, "key", unknown, &known);
    }
    if message.starts_with("missing field") {
        return Fault::new(span, format!("`{}` is missing", quoted().next().unwrap_or_default()));
    }
    let (Some(found), Some(expected)) = (find(table, &span), expected(message)) else {
        return Fault::new(span, message);
    };
    let expected = expected_in_words(expected, found.value);
    let message = format!("{} is {}, but must be {expected}", found.name(), in_words(found.value));
    let fault = Fault::new(span, message);
    match found.misplaced_axis() {
        Some(help) => fault.help(help),
        None => fault,
    }
}

/// toml's own way to refuse a key of a variant, such as `then = { step = { ever = 1 } }`.
fn unexpected_keys(message: &str) -> Option<(&str, Vec<String>)> {
    let (unknown, known) =
        message.strip_prefix("unexpected keys in table: ")?.split_once(", available keys: ")?;
    let unknown = unknown.split(", ").next().unwrap_or(unknown);
    Some((unknown, known.split(", ").map(str::to_owned).collect()))
}

/// The part of a message that says what was expected.
fn expected(message: &str) -> Option<&str> {
    let number = "a number of smaller magnitude";
    match message {
        "wanted string or table" => Some("a text that names a choice"),
        "integer number overflowed" | "floating-point number overflowed" => Some(number),
        _ if message.starts_with("wanted exactly 1 element") => Some("a table with exactly one key"),
        _ if message.starts_with("expected table with exactly 1 entry") => {
            Some("a table with exactly one key")
        }
        _ if message.starts_with("expected table") => Some("a table"),
        _ if message.starts_with("expected empty") => Some("an empty table"),
        _ if message.starts_with("invalid ") => message.split_once(", expected ").map(|(_, after)| after),
        _ => None,
    }
}

fn expected_in_words(expected: &str, value: &DeValue<'_>) -> String {
    let words = match expected {
        "u8" | "u16" | "u32" | "u64" | "u128" | "usize" => "a whole number, 0 or more",
        "i8" | "i16" | "i32" | "i64" | "i128" | "isize" => "a whole number",
        "f32" | "f64" => "a number",
        "a boolean" => "`true` or `false`",
        "a string" | "string" | "str" | "path string" | "a character" => "a text",
        "a sequence" => "a list",
        "a map" => "a table",
        variant if variant.contains(" variant") => match value.as_str() {
            Some(name) => return format!("a table such as {{ {name} = … }}"),
            None => "a text",
        },
        table if table.starts_with("struct ") => "a table",
        choice if choice.starts_with("enum ") || choice.ends_with(" identifier") => "a text",
        other => other,
    };
    words.to_owned()
}

/// A value as a sentence names it: the number 5, a list.
pub(super) fn in_words(value: &DeValue<'_>) -> String {
    const LONGEST: usize = 40;
    match value {
        DeValue::String(text) if text.chars().count() > LONGEST => {
            format!("the text \"{}…\"", text.chars().take(LONGEST).collect::<String>())
        }
        DeValue::String(text) => format!("the text \"{text}\""),
        DeValue::Integer(number) => format!("the number {number}"),
        DeValue::Float(number) => format!("the number {number}"),
        DeValue::Boolean(truth) => format!("`{truth}`"),
        DeValue::Datetime(date) => format!("the date {date}"),
        DeValue::Array(values) if values.is_empty() => "an empty list".to_owned(),
        DeValue::Array(_) => "a list".to_owned(),
        DeValue::Table(table) if table.is_empty() => "an empty table".to_owned(),
        DeValue::Table(_) => "a table".to_owned(),
    }
}

/// A value and the keys that lead to it.
struct Found<'t, 'i> {
    keys: Vec<&'t str>,
    in_list: bool,
    value: &'t DeValue<'i>,
}

impl Found<'_, '_> {
    fn name(&self) -> String {
        match (self.keys.last(), self.in_list) {
            (Some(key), false) => format!("`{key}`"),
            (Some(key), true) => format!("an entry of `{key}`"),
            (None, _) => "the experiment".to_owned(),
        }
    }

    /// A list below a setting is no axis, although a list as a setting is one.
    fn misplaced_axis(&self) -> Option<String> {
        let [.., setting, key] = self.keys[..] else { return None };
        let depth = match *self.keys.first()? {
            "optimizer" => 3,
            "dream" => 2,
            _ => return None,
        };
        let below = self.keys.len() > depth && self.value.is_array() && !self.in_list;
        below.then(|| {
            format!("a list is an axis where it is a whole setting: {setting} = [{{ {key} = … }}, {{ {key} = … }}]")
        })
    }
}

fn find<'t, 'i>(table: &'t DeTable<'i>, span: &Range<usize>) -> Option<Found<'t, 'i>> {
    table.iter().find_map(|(key, value)| {
        let mut found = find_in(value, span)?;
        found.keys.insert(0, key.get_ref().as_ref());
        Some(found)
    })
}

fn find_in<'t, 'i>(value: &'t Spanned<DeValue<'i>>, span: &Range<usize>) -> Option<Found<'t, 'i>> {
    if value.span() == *span {
        return Some(Found { keys: Vec::new(), in_list: false, value: value.get_ref() });
    }
    match value.get_ref() {
        DeValue::Table(table) => find(table, span),
        DeValue::Array(values) => values.iter().find_map(|value| {
            let found = find_in(value, span)?;
            Some(Found { in_list: found.in_list || found.keys.is_empty(), ..found })
        }),
        _ => None,
    }
}
