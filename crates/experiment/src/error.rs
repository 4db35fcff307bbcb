use std::ops::Range;

use miette::{Diagnostic, LabeledSpan, NamedSource};
use records::{Excerpt, shortened_message, suggestion};
use thiserror::Error;
use toml::Spanned;
use toml::de::DeTable;

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
    /// A fault with its places in `sources`, each with what is to be seen there. Shown are those in the text of the first.
    pub fn of(
        message: String,
        help: Option<String>,
        places: Vec<(Range<usize>, String)>,
        sources: &Sources,
    ) -> Self {
        Fault { message, help, places, raw: false }.at(sources)
    }
}

/// A fault in texts that are known to the caller.
#[derive(Debug)]
pub(super) struct Fault {
    message: String,
    help: Option<String>,
    /// The first is where it is; others in the same text are shown as well.
    places: Vec<(Range<usize>, String)>,
    /// The message is serde's.
    raw: bool,
}

impl Fault {
    pub(super) fn new(span: Range<usize>, message: impl Into<String>) -> Self {
        // What is not in the text has no place but the text.
        let what = if span == (0..0) { "in this file" } else { "here" };
        Self { message: message.into(), help: None, places: vec![(span, what.to_owned())], raw: false }
    }

    /// Something that is there twice.
    pub(super) fn twice(span: Range<usize>, earlier: Range<usize>, message: impl Into<String>) -> Self {
        let places = vec![(span, "again here".to_owned()), (earlier, "first here".to_owned())];
        Self { message: message.into(), help: None, places, raw: false }
    }

    /// The error of reading a text that starts at the byte `start` of all texts.
    pub(super) fn of_toml(error: &toml::de::Error, start: usize) -> Self {
        let span = error.span().unwrap_or_default();
        let span = span.start + start..span.end + start;
        Self { places: vec![(span, "here".to_owned())], ..Self::new(0..0, error.message()) }
    }

    pub(super) fn help(self, help: impl Into<String>) -> Self {
        Self { help: Some(help.into()), ..self }
    }

    /// With a further place and what is to be seen there.
    pub(super) fn and(mut self, span: Range<usize>, what: impl Into<String>) -> Self {
        self.places.push((span, what.into()));
        self
    }

    /// An unknown key or name, with the nearest known one.
    pub(super) fn unknown(span: Range<usize>, what: &str, name: &str, known: &[String]) -> Self {
        Self::new(span, format!("unknown {what} `{name}`")).help(suggestion(name, known))
    }

    /// The same in words of TOML and of the settings, where the message was serde's; `table` is what was read.
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

impl From<toml::de::Error> for Fault {
    fn from(error: toml::de::Error) -> Self {
        Self { raw: true, ..Self::of_toml(&error, 0) }
    }
}
