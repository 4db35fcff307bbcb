//! Errors as the program shows them.

use miette::{Diagnostic, GraphicalReportHandler, GraphicalTheme};

/// Renders an error: its places must lie within its text.
pub(crate) fn show(error: &dyn Diagnostic) {
    let mut shown = String::new();
    let handler = GraphicalReportHandler::new_themed(GraphicalTheme::unicode_nocolor());
    handler.render_report(&mut shown, error).expect("the places of an error lie within its text");
    assert!(!shown.is_empty());
}
