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

/// Text that a Markdown table carries unharmed.
pub(crate) fn escaped(words: &str) -> String {
    let words = words.split_whitespace().collect::<Vec<_>>().join(" ");
    words.replace('\\', "\\\\").replace('|', "\\|").replace('<', "&lt;")
}
