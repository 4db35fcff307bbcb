//! A fault as people are told it.

use std::ops::Range;

use miette::{Diagnostic, LabeledSpan, NamedSource};
use thiserror::Error;
use toml::Spanned;
use toml::de::DeTable;

use super::error::Fault;
use super::excerpt::Excerpt;
use super::sources::Sources;
use super::words;

/// A fault of an experiment, and its place.
#[derive(Debug, Error, Diagnostic)]
#[error("{message}")]
pub struct ExperimentError {
    message: String,
    #[help]
    help: Option<String>,
    #[source_code]
    source_code: NamedSource<String>,
    #[label(collection)]
    places: Vec<LabeledSpan>,
}

impl Fault {
    /// The same in words of TOML and of the settings, where the message was serde's; `table` is what was read.
    pub(super) fn in_words(self, table: &Spanned<DeTable<'_>>) -> Self {
        match self.raw {
            true => words::of_settings(&self.message, self.places[0].0.clone(), table.get_ref()),
            false => self,
        }
    }

    pub(super) fn at(self, sources: &Sources) -> ExperimentError {
        let first = self.places[0].0.start;
        let (name, text, start) = sources.around(first);
        let excerpt = Excerpt::around(text, first.saturating_sub(start));
        let within = |(span, what): (Range<usize>, String)| {
            let inside = start <= span.start && span.end <= start + text.len();
            let span = inside.then(|| excerpt.placed(span.start - start..span.end - start))??;
            Some(LabeledSpan::new_with_span(Some(what), span))
        };
        let mut places: Vec<LabeledSpan> = self.places.into_iter().filter_map(within).collect();
        if let Some(place) = places.first_mut() {
            let label = place.label().map(str::to_owned);
            *place = LabeledSpan::new_primary_with_span(label, *place.inner());
        }
        let message = match excerpt.column {
            Some(column) => format!("{} (column {column} of a long line)", self.message),
            None => self.message,
        };
        let source_code = NamedSource::new(name, excerpt.text).with_language("toml");
        ExperimentError { message, help: self.help, source_code, places }
    }
}
