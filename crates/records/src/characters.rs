//! Characters of a TOML document that no report can show.

use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::text::{forbidden, is_forbidden};

/// The first character, by place, that XML 1.0 forbids in the keys and texts of a document, with
/// the bytes that state it: itself or its escape.
pub fn forbidden_in_toml(table: &DeTable<'_>, text: &str) -> Option<(Range<usize>, char)> {
    let mut first: Option<(Range<usize>, char)> = None;
    let mut look = |found: &str, span: Range<usize>| {
        let Some((_, character)) = forbidden(found) else { return };
        let span = stated(text, span, character);
        if first.as_ref().is_none_or(|(earlier, _)| span.start < earlier.start) {
            first = Some((span, character));
        }
    };
    in_table(table, &mut look);
    first
}

fn in_table(table: &DeTable<'_>, look: &mut impl FnMut(&str, Range<usize>)) {
    for (key, value) in table {
        look(key.get_ref(), key.span());
        in_value(value, look);
    }
}

fn in_value(value: &Spanned<DeValue<'_>>, look: &mut impl FnMut(&str, Range<usize>)) {
    match value.get_ref() {
        DeValue::String(found) => look(found, value.span()),
        DeValue::Array(values) => values.iter().for_each(|value| in_value(value, look)),
        DeValue::Table(table) => in_table(table, look),
        _ => {}
    }
}

/// The bytes within a literal that stand for its first forbidden character; the whole literal if
/// they are not found.
fn stated(text: &str, literal: Range<usize>, character: char) -> Range<usize> {
    let Some(written) = text.get(literal.clone()) else { return literal };
    let escapes = written.starts_with('"');
    let mut rest = written.char_indices();
    while let Some((at, c)) = rest.next() {
        if is_forbidden(c) {
            return literal.start + at..literal.start + at + c.len_utf8();
        }
        if c != '\\' || !escapes {
            continue;
        }
        let Some((after, kind)) = rest.next() else { break };
        let digits = match kind {
            'b' | 'f' | 'e' => 0,
            'x' => 2,
            'u' => 4,
            'U' => 8,
            _ => continue,
        };
        let end = after + 1 + digits;
        let meant = match kind {
            'b' => Some('\u{8}'),
            'f' => Some('\u{c}'),
            'e' => Some('\u{1b}'),
            _ => {
                written.get(after + 1..end).and_then(|hex| u32::from_str_radix(hex, 16).ok()?.try_into().ok())
            }
        };
        if meant == Some(character) {
            return literal.start + at..literal.start + end;
        }
    }
    literal
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn found(text: &str) -> Option<(String, char)> {
        let table = DeTable::parse(text).unwrap();
        forbidden_in_toml(table.get_ref(), text).map(|(span, c)| (text[span].to_owned(), c))
    }

    #[test]
    fn points_at_the_escape_or_the_character_itself() {
        assert_eq!(found(r#"a = "a \big fox""#), Some((r"\b".to_owned(), '\u{8}')));
        assert_eq!(found(r#"a = "\\b \u0001""#), Some((r"\u0001".to_owned(), '\u{1}')));
        assert_eq!(found(r#"a = "\U0000FFFF""#), Some((r"\U0000FFFF".to_owned(), '\u{ffff}')));
        assert_eq!(found("a = 'x\u{fffe}'"), Some(("\u{fffe}".to_owned(), '\u{fffe}')));
        assert_eq!(found(r#"a = [{ "k\f" = 1 }]"#), Some((r"\f".to_owned(), '\u{c}')));
        assert_eq!(found(r#"a = 'a \big fox'"#), None);
        assert_eq!(found("a = \"\"\"\n\\b\"\"\""), Some((r"\b".to_owned(), '\u{8}')));
        assert_eq!(found("b = \"\\f\"\na = \"\\b\""), Some((r"\f".to_owned(), '\u{c}')));
    }

    proptest! {
        #[test]
        fn every_escaped_character_is_found_where_it_stands(c in any::<char>(), before in "[a-zé\\\\]{0,4}") {
            let before = before.replace('\\', "\\\\");
            let escape = format!("\\U{:08X}", u32::from(c));
            let text = format!("prompts = [\"{before}{escape}\"]");
            prop_assert_eq!(found(&text), is_forbidden(c).then_some((escape, c)));
        }
    }
}
