use std::ops::Range;

/// The texts that an experiment is read from, end to end: its file, every `--set`, the model set's
/// manifest. A place in any of them is a byte of the whole.
pub struct Sources {
    text: String,
    parts: Vec<Part>,
}

/// One of the texts.
struct Part {
    name: String,
    range: Range<usize>,
}

impl Sources {
    /// The sources of these texts, each with its name.
    pub(super) fn of<'t>(texts: impl Iterator<Item = (&'t str, &'t str)>) -> Self {
        let mut sources = Self { text: String::new(), parts: Vec::new() };
        for (name, text) in texts {
            let start = sources.text.len();
            sources.text += text;
            sources.parts.push(Part { name: name.to_owned(), range: start..start + text.len() });
            sources.text.push('\n'); // no place is in two texts
        }
        sources
    }

    /// All texts.
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// The text of this index and its first byte.
    pub(super) fn part(&self, index: usize) -> (&str, usize) {
        let range = self.parts[index].range.clone();
        (&self.text[range.clone()], range.start)
    }

    /// The text that has the byte `at`: its name, itself, its first byte.
    pub(super) fn around(&self, at: usize) -> (&str, &str, usize) {
        let index = self.parts.partition_point(|part| part.range.end < at).min(self.parts.len() - 1);
        let (text, start) = self.part(index);
        (&self.parts[index].name, text, start)
    }
}
