//! Tables in Markdown, aligned for the terminal too.

use comfy_table::presets::ASCII_MARKDOWN;
use comfy_table::{CellAlignment, ContentArrangement, Table};

/// A table whose entries are as they are to be written: see [`escaped`].
pub(crate) fn markdown_table(
    header: &[String],
    rows: impl IntoIterator<Item = Vec<String>>,
    alignment: &[CellAlignment],
) -> String {
    let mut table = Table::new();
    table.load_style(ASCII_MARKDOWN).set_content_arrangement(ContentArrangement::Disabled);
    table.set_header(header);
    table.add_rows(rows);
    for (column, alignment) in table.column_iter_mut().zip(alignment) {
        column.set_cell_alignment(*alignment);
    }
    table.to_string()
}

/// Text that a Markdown table shows letter by letter: nothing in it is markup, an entity or the end
/// of a column.
pub(crate) fn escaped(words: &str) -> String {
    let words: Vec<char> = plain(words).chars().collect();
    let mut text = String::new();
    for (place, &letter) in words.iter().enumerate() {
        let is_word = |letter: Option<&char>| letter.is_some_and(|letter| letter.is_alphanumeric());
        let within_word = || {
            is_word(place.checked_sub(1).and_then(|before| words.get(before)))
                && is_word(words.get(place + 1))
        };
        match letter {
            '<' => text += "&lt;",
            '&' => text += "&amp;",
            '\\' | '|' | '`' | '*' | '[' | ']' | '~' => text.extend(['\\', letter]),
            '_' if !within_word() => text.extend(['\\', letter]), // `ema_decay` needs none
            _ => text.push(letter),
        }
    }
    text
}

/// Text in one line, for a table that a terminal shows.
pub(crate) fn plain(words: &str) -> String {
    words.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_is_shown_and_not_obeyed() {
        assert_eq!(
            escaped("a | b & c &amp; <b> `d` *e* [f](g) \\"),
            "a \\| b &amp; c &amp;amp; &lt;b> \\`d\\` \\*e\\* \\[f\\](g) \\\\"
        );
        assert_eq!(escaped("ema_decay=0.5, _x_"), "ema_decay=0.5, \\_x\\_");
        assert_eq!(plain("a | b\n & c"), "a | b & c");
    }
}
