//! A table with its columns' names, units and meanings.

use csv::Writer;

use super::column::Head;
use super::{Column, Value};

/// A table, ready for every form that it is written in.
#[derive(Debug)]
pub(crate) struct Table {
    /// The name of its file, without the extension.
    pub(crate) name: &'static str,
    /// The meaning of a row.
    pub(crate) about: &'static str,
    /// Its heading on the page; `None` if the page leaves it to the file.
    pub(crate) title: Option<&'static str>,
    pub(crate) heads: Vec<Head>,
    pub(crate) rows: Vec<Vec<Value>>,
}

impl Table {
    pub(crate) fn new<R>(
        name: &'static str,
        about: &'static str,
        columns: Vec<Column<R>>,
        rows: impl IntoIterator<Item = R>,
    ) -> Self {
        let row = |row: R| columns.iter().map(|column| (column.of)(&row)).collect();
        let rows = rows.into_iter().map(row).collect();
        Self {
            name,
            about,
            title: None,
            heads: columns.into_iter().map(|column| column.head).collect(),
            rows,
        }
    }

    /// The table with a place on the page, under `title`.
    pub(super) fn on_page(mut self, title: &'static str) -> Self {
        self.title = Some(title);
        self
    }

    /// The table as CSV.
    pub(crate) fn csv(&self) -> Result<Vec<u8>, csv::Error> {
        let mut writer = Writer::from_writer(Vec::new());
        writer.write_record(self.heads.iter().map(|head| &head.name))?;
        for row in &self.rows {
            writer.write_record(row.iter().map(Value::to_string))?;
        }
        writer.into_inner().map_err(|error| csv::Error::from(error.into_error()))
    }
}
