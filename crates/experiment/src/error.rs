use std::ops::Range;

use miette::{Diagnostic, NamedSource, SourceSpan};
use records::suggestion;
use thiserror::Error;

/// What is wrong with an experiment, and where.
#[derive(Debug, Error, Diagnostic)]
#[error("{message}")]
pub struct ExperimentError {
    message: String,
    #[help]
    help: Option<String>,
    #[source_code]
    source_code: NamedSource<String>,
    #[label("here")]
    span: Option<SourceSpan>,
}

/// A fault in a text that is known to the caller.
#[derive(Debug)]
pub(super) struct Fault {
    message: String,
    help: Option<String>,
    span: Option<Range<usize>>,
}

impl Fault {
    pub(super) fn new(span: Range<usize>, message: impl Into<String>) -> Self {
        let span = (span != (0..0)).then_some(span); // what is not in the text has no place
        Self { message: message.into(), help: None, span }
    }

    pub(super) fn help(self, help: impl Into<String>) -> Self {
        Self { help: Some(help.into()), ..self }
    }

    /// An unknown key or name, with the nearest known one.
    pub(super) fn unknown(span: Range<usize>, what: &str, name: &str, known: &[String]) -> Self {
        Self::new(span, format!("unknown {what} `{name}`")).help(suggestion(name, known))
    }

    pub(super) fn at(self, file: &str, text: &str) -> ExperimentError {
        ExperimentError {
            message: self.message,
            help: self.help,
            source_code: NamedSource::new(file, text.to_owned()).with_language("toml"),
            span: self.span.map(SourceSpan::from),
        }
    }
}

impl From<toml::de::Error> for Fault {
    fn from(error: toml::de::Error) -> Self {
        let span = error.span().unwrap_or_default();
        let message = error.message();
        // serde has no other way to say which names it knows.
        let mut names = message.split('`').skip(1).step_by(2).map(str::to_owned);
        if let Some(what) = unknown_what(message) {
            let name = names.next().unwrap_or_default();
            return Self::unknown(span, what, &name, &names.collect::<Vec<_>>());
        }
        if message.starts_with("missing field") {
            return Self::new(span, format!("`{}` is missing", names.next().unwrap_or_default()));
        }
        Self::new(span, in_words(message))
    }
}

/// serde's names of types in the words of TOML.
fn in_words(message: &str) -> String {
    let words = [
        ("expected u32", "expected a whole number, 0 or more"),
        ("expected u64", "expected a whole number, 0 or more"),
        ("expected f64", "expected a number"),
        ("expected a sequence", "expected a list"),
        ("floating point `", "number `"),
        ("invalid type: map", "invalid type: table"),
        ("invalid type: sequence", "invalid type: list"),
        ("invalid type: string", "invalid type: text"),
    ];
    words.into_iter().fold(message.to_owned(), |message, (from, to)| message.replace(from, to))
}

fn unknown_what(message: &str) -> Option<&'static str> {
    if message.starts_with("unknown field") {
        Some("key")
    } else if message.starts_with("unknown variant") {
        Some("value")
    } else {
        None
    }
}
