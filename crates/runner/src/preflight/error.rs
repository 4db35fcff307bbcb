use std::ops::Range;

use experiment::{ExperimentError, Sources};
use miette::Diagnostic;
use thiserror::Error;

/// Faults that are told one by one; of more, the number is told.
const MOST: usize = 20;

/// Faults that keep an experiment from being run.
#[derive(Debug, Error, Diagnostic)]
#[error("{message}")]
pub struct PreflightError {
    message: String,
    #[related]
    faults: Vec<ExperimentError>,
}

/// A fault, and where in the experiment it can be mended.
#[derive(Debug)]
pub(super) struct Fault {
    pub(super) message: String,
    pub(super) help: Option<String>,
    /// Places in the experiment's texts, with a word for each.
    pub(super) places: Vec<(Range<usize>, String)>,
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
    pub(super) fn new(mut faults: Vec<Fault>, checked: &str, sources: &Sources) -> Self {
        let message =
            format!("nothing was computed: {} ({checked})", records::counted(faults.len(), "fault"));
        let more = faults.len().saturating_sub(MOST);
        faults.truncate(MOST);
        if more > 0 {
            let more = records::counted(more, "more fault");
            faults.push(Fault::new(format!("and {more} like these")));
        }
        let told = |Fault { message, help, places }| ExperimentError::of(message, help, places, sources);
        Self { message, faults: faults.into_iter().map(told).collect() }
    }
}
