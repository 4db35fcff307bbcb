//! The columns of all tables with their units and meanings: a data dictionary.

use super::{Column, Table};

/// A row for every column of `tables`.
pub(super) fn dictionary(tables: &[Table]) -> Table {
    type Line = (&'static str, super::column::Head);
    let columns = vec![
        Column::new("table", "", "Table that the column is in", |line: &Line| line.0.into()),
        Column::new("column", "", "Name of the column", |line: &Line| (&line.1.name).into()),
        Column::new("unit", "", "Unit of its entries; empty for none", |line: &Line| line.1.unit.into()),
        Column::new("meaning", "", "Meaning of its entries", |line: &Line| (&line.1.meaning).into()),
    ];
    let lines = tables.iter().flat_map(|table| table.heads.iter().map(|head| (table.name, head.clone())));
    Table::new("columns", "A row for every column of the other tables.", columns, lines)
}

/// The dictionary for readers, a section for every table; columns that differ in their name alone
/// are one row.
#[cfg(test)]
pub(crate) fn document(tables: &[Table]) -> String {
    let mut text = "# Columns of the tables\n\nThe files in `tables/` of a results folder, made from the \
                    definitions in `crates/report/src/tables`.\n`UPDATE_COLUMNS=1 cargo test -p report` \
                    writes this file. An empty entry is a missing value,\nnever 0.\n"
        .to_owned();
    for table in tables {
        text += &format!(
            "\n## {}.csv\n\n{}\n\n| column | unit | meaning |\n| --- | --- | --- |\n",
            table.name, table.about
        );
        let mut heads = table.heads.clone();
        heads.dedup_by(|next, head| next.each.is_some() && next.each == head.each);
        for head in heads {
            let name = head.each.map_or_else(|| format!("`{}`", head.name), |what| format!("one per {what}"));
            text += &format!("| {name} | {} | {} |\n", head.unit, head.meaning);
        }
    }
    text
}
