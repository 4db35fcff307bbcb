//! A column of a table, defined once for all forms of the table.

use super::Value;

/// A column of a table whose rows are made of `R`.
pub(crate) struct Column<R> {
    pub(super) head: Head,
    pub(super) of: Box<dyn Fn(&R) -> Value>,
}

/// The head of a column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Head {
    pub(crate) name: String,
    /// Empty where the entries have none.
    pub(crate) unit: &'static str,
    pub(crate) meaning: String,
    /// The kind of thing that each has such a column, such as `optimizer`.
    pub(super) each: Option<&'static str>,
}

impl<R> Column<R> {
    /// A column with its name, unit (empty for none), meaning, and the value of a row.
    pub(crate) fn new(
        name: impl Into<String>,
        unit: &'static str,
        meaning: impl Into<String>,
        of: impl Fn(&R) -> Value + 'static,
    ) -> Self {
        let head = Head { name: name.into(), unit, meaning: meaning.into(), each: None };
        Self { head, of: Box::new(of) }
    }

    /// The column as one of several that differ in `what` alone.
    pub(super) fn one_per(mut self, what: &'static str) -> Self {
        self.head.each = Some(what);
        self
    }
}
