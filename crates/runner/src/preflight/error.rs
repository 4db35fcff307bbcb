use std::ops::Range;

use miette::{Diagnostic, LabeledSpan, NamedSource};
use thiserror::Error;

/// Faults that are told one by one; of more, the number is told.
const MOST: usize = 20;

/// Faults that keep an experiment from being run.
#[derive(Debug, Error, Diagnostic)]
#[error("{message}")]
pub struct PreflightError {
    message: String,
    #[related]
    faults: Vec<Told>,
}

/// A fault, and where in the experiment it can be mended.
#[derive(Debug)]
pub(super) struct Fault {
    pub(super) message: String,
    pub(super) help: Option<String>,
    /// Places in the experiment's text, with a word for each.
    pub(super) places: Vec<(Range<usize>, String)>,
}

#[derive(Debug, Error, Diagnostic)]
#[error("{message}")]
struct Told {
    message: String,
    #[help]
    help: Option<String>,
    #[source_code]
    source_code: Option<NamedSource<String>>,
    #[label(collection)]
    places: Vec<LabeledSpan>,
}

impl Fault {
    pub(super) fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), help: None, places: Vec::new() }
    }

    pub(super) fn help(self, help: impl Into<String>) -> Self {
        Self { help: Some(help.into()), ..self }
    }

    /// With a place, if it is one in the text.
    pub(super) fn at(mut self, span: Option<Range<usize>>, word: impl Into<String>) -> Self {
        self.places.extend(span.map(|span| (span, word.into())));
        self
    }
}

impl PreflightError {
    pub(super) fn new(faults: Vec<Fault>, checked: &str, name: &str, text: &str) -> Self {
        let message =
            format!("nothing was computed: {} ({checked})", records::counted(faults.len(), "fault"));
        let more = faults.len().saturating_sub(MOST);
        let mut told: Vec<Told> = faults.into_iter().take(MOST).map(|fault| fault.told(name, text)).collect();
        if more > 0 {
            told.push(
                Fault::new(format!("and {} like these", records::counted(more, "more fault")))
                    .told(name, text),
            );
        }
        Self { message, faults: told }
    }
}

impl Fault {
    fn told(self, name: &str, text: &str) -> Told {
        let source = || NamedSource::new(name, text.to_owned()).with_language("toml");
        Told {
            message: self.message,
            help: self.help,
            source_code: (!self.places.is_empty()).then(source),
            places: self
                .places
                .into_iter()
                .map(|(span, word)| LabeledSpan::new_with_span(Some(word), span))
                .collect(),
        }
    }
}
