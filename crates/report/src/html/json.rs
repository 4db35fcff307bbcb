//! Numbers and texts for the page's script.

use serde::Serialize;

/// `value` as JSON that may stand in a `<script>`: without `<`, which could end it.
pub(super) fn json(value: &impl Serialize) -> String {
    // Numbers, texts and lists: nothing that serde_json could refuse.
    serde_json::to_string(value).unwrap_or_default().replace('<', "\\u003c")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn no_text_ends_the_script_and_every_text_is_read_back(text in any::<String>()) {
            for text in [text.clone(), format!("{text}</script><!--{text}<script>\u{2028}\u{8}\"\\")] {
                let written = json(&text);
                let ends = written.contains(['<', '\n', '\u{8}']);
                prop_assert!(!ends);
                prop_assert_eq!(serde_json::from_str::<String>(&written).unwrap(), text);
            }
        }
    }
}
