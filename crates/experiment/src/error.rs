use std::ops::Range;

use records::suggestion;

/// A fault in texts that are known to the caller.
#[derive(Debug)]
pub(super) struct Fault {
    pub(super) message: String,
    pub(super) help: Option<String>,
    /// The first is where it is; others in the same text are shown as well.
    pub(super) places: Vec<(Range<usize>, String)>,
    /// The message is serde's.
    pub(super) raw: bool,
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
}

impl From<toml::de::Error> for Fault {
    fn from(error: toml::de::Error) -> Self {
        Self { raw: true, ..Self::of_toml(&error, 0) }
    }
}
