//! Tables of settings within the table of an experiment.

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::error::Fault;
use super::words::in_words;

/// Takes a table out of another, if that has it.
pub(super) fn take_table<'i>(
    table: &mut Spanned<DeTable<'i>>,
    name: &str,
) -> Result<Option<Spanned<DeTable<'i>>>, Fault> {
    table.get_mut().remove(name).map(|value| as_table(name, value)).transpose()
}

pub(super) fn as_table<'i>(name: &str, value: Spanned<DeValue<'i>>) -> Result<Spanned<DeTable<'i>>, Fault> {
    let span = value.span();
    match value.into_inner() {
        DeValue::Table(table) => Ok(Spanned::new(span, table)),
        other => Err(Fault::new(
            span,
            format!("`{name}` is {}, but must be a table of settings", in_words(&other)),
        )),
    }
}
