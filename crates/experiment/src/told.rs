//! A fault as people are told it.

use std::ops::Range;

use miette::{Diagnostic, LabeledSpan, NamedSource};
use records::{Excerpt, shortened_message};
use thiserror::Error;
use toml::Spanned;
use toml::de::DeTable;

use super::error::Fault;
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
    source_code: Option<NamedSource<String>>,
    #[label(collection)]
    places: Vec<LabeledSpan>,
}

impl ExperimentError {
    /// A fault with its places in `sources`, each with what is to be seen there. Shown are those in
    /// the text of the first.
    pub fn of(
        message: String,
        help: Option<String>,
        places: Vec<(Range<usize>, String)>,
        sources: &Sources,
    ) -> Self {
        Fault { message, help, places, raw: false }.at(sources)
    }
}

impl Fault {
    /// Rewords serde's message in terms of TOML and of the settings; `table` is
    /// what was read.
    pub(super) fn in_words(self, table: &Spanned<DeTable<'_>>) -> Self {
        match self.raw {
            true => words::of_settings(&self.message, self.places[0].0.clone(), table.get_ref()),
            false => self,
        }
    }

    pub(super) fn at(self, sources: &Sources) -> ExperimentError {
        let Some(first) = self.places.first().map(|(span, _)| span.start) else {
            let Self { message, help, .. } = self;
            return ExperimentError { message, help, source_code: None, places: Vec::new() };
        };
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
        let message = shortened_message(&self.message);
        let message = match excerpt.column {
            Some(column) => format!("{message} (column {column} of a long line)"),
            None => message.into_owned(),
        };
        let source_code = Some(NamedSource::new(name, excerpt.text).with_language("toml"));
        ExperimentError { message, help: self.help, source_code, places }
    }
}
