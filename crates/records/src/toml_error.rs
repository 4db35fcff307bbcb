//! A fault of a TOML file, without the file's whole text.

use std::path::Path;

use miette::{Diagnostic, NamedSource, SourceSpan};
use thiserror::Error;

use super::{Excerpt, place, shortened};

/// A fault of a TOML file, and its place.
#[derive(Debug, Error, Diagnostic)]
#[error("{message} (line {line}, column {column})")]
pub struct TomlError {
    message: String,
    line: usize,
    column: usize,
    #[source_code]
    source_code: NamedSource<String>,
    #[label("here")]
    span: Option<SourceSpan>,
}

impl TomlError {
    /// The error of reading `text`, which the file at `path` has.
    pub fn of(path: &Path, text: &str, error: &toml::de::Error) -> Self {
        let span = error.span().unwrap_or_default();
        let (line, column) = place(text, span.start);
        let excerpt = Excerpt::around(text, span.start);
        Self {
            message: shortened(error.message()).into_owned(),
            line,
            column,
            span: excerpt.placed(span).map(SourceSpan::from),
            source_code: NamedSource::new(printable::path(path), excerpt.text).with_language("toml"),
        }
    }

    /// The fault without its place.
    pub fn message(&self) -> &str {
        &self.message
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_lines_and_long_words_are_told_in_part() {
        let long = "x".repeat(1_000_000);
        for text in [format!("a = \"{long}"), format!("a = 1\nb = {long}\n"), format!("a = [\"{long}\", }}")]
        {
            let error = toml::from_str::<toml::Table>(&text).unwrap_err();
            let told = TomlError::of(Path::new("a.toml"), &text, &error);
            assert!(told.to_string().len() < 500, "{} bytes", told.to_string().len());
            let mut page = String::new();
            let theme = miette::GraphicalTheme::none();
            miette::GraphicalReportHandler::new_themed(theme).render_report(&mut page, &told).unwrap();
            assert!(page.len() < 3_000 && page.contains("a.toml"), "{} bytes", page.len());
        }
    }
}
