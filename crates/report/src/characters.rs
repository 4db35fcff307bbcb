//! Characters that figures and pages cannot hold.

use std::borrow::Cow;

/// Replaces characters that XML 1.0 forbids by U+FFFD; experiments refuse them, but records of
/// older versions have some.
pub(super) fn clean(text: &str) -> Cow<'_, str> {
    if text.chars().all(is_allowed) {
        return Cow::Borrowed(text);
    }
    text.chars().map(|letter| if is_allowed(letter) { letter } else { char::REPLACEMENT_CHARACTER }).collect()
}

/// XML 1.0, production 2, `Char`.
fn is_allowed(letter: char) -> bool {
    matches!(letter, '\t' | '\n' | '\r' | '\u{20}'..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replaces_what_xml_forbids_and_nothing_else() {
        assert_eq!(clean("a\u{8}b\u{0}\u{ffff}\tc 自\u{1f404}"), "a\u{fffd}b\u{fffd}\u{fffd}\tc 自\u{1f404}");
        for letter in (0..=0x0010_ffff).filter_map(char::from_u32) {
            let svg = format!(
                r#"<svg xmlns="http://www.w3.org/2000/svg" width="1" height="1"><desc>{}</desc></svg>"#,
                {
                    let text = clean(letter.encode_utf8(&mut [0; 4])).replace('&', "&amp;");
                    text.replace('<', "&lt;")
                }
            );
            // Every 97th of the many, and all that are special.
            if letter < '\u{3000}'
                || '\u{d700}' < letter && letter < '\u{10010}'
                || (letter as u32).is_multiple_of(97)
            {
                let parsed = resvg::usvg::Tree::from_str(&svg, &resvg::usvg::Options::default());
                assert!(parsed.is_ok(), "{:x}", letter as u32);
            }
        }
    }
}
