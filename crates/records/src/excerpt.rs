//! The part of a text that an error shows: lines of hundreds of thousands of characters would fill
//! the terminal.

use std::borrow::Cow;
use std::ops::Range;

/// Bytes above which a line is shown in part.
const LONG: usize = 400;
/// Bytes that are shown before and after a place in a long line.
const AROUND: usize = 80;

/// A text with its long lines cut, and what was cut before the place that matters.
pub struct Excerpt {
    /// The text that is shown.
    pub text: String,
    /// The part of the original that stands at `start`.
    window: Range<usize>,
    start: usize,
    /// The column in characters of the place, where what is before it was cut.
    pub column: Option<usize>,
}

impl Excerpt {
    /// The excerpt of `text` for a place that begins at the byte `at`.
    pub fn around(text: &str, at: usize) -> Self {
        let at = boundary(text, at);
        let line_start = text[..at].rfind('\n').map_or(0, |end| end + 1);
        let line_end = text[at..].find('\n').map_or(text.len(), |end| at + end);
        if text.lines().all(|line| line.len() <= LONG) {
            return Self { text: text.to_owned(), window: 0..text.len(), start: 0, column: None };
        }
        let mut shown: String = text[..line_start].split_inclusive('\n').map(cut).collect();
        let is_long = line_end - line_start > LONG;
        let window = match is_long {
            false => line_start..line_end,
            true => {
                let from = line_start.max(boundary(text, at.saturating_sub(AROUND)));
                from..line_end.min(boundary(text, at + AROUND))
            }
        };
        if window.start > line_start {
            shown.push('…');
        }
        let start = shown.len();
        shown += &text[window.clone()];
        if window.end < line_end {
            shown.push('…');
        }
        shown.extend(text[line_end..].split_inclusive('\n').map(cut));
        let is_moved = window.start > line_start;
        let column = is_moved.then(|| text[line_start..at].chars().count() + 1);
        Self { text: shown, window, start, column }
    }

    /// The place in the excerpt of a place in the original, as far as it is shown.
    pub fn placed(&self, span: Range<usize>) -> Option<Range<usize>> {
        let shown = self.window.start..=self.window.end;
        if !shown.contains(&span.start) {
            return None;
        }
        let end = span.end.min(self.window.end);
        Some(span.start - self.window.start + self.start..end - self.window.start + self.start)
    }
}

/// A text as part of a message: of a long one the beginning and the end.
pub fn shortened(text: &str) -> Cow<'_, str> {
    within(text, LONG)
}

/// A message that may have long texts of others in it: of a very long one the beginning and the
/// end.
pub fn shortened_message(message: &str) -> Cow<'_, str> {
    within(message, 5 * LONG)
}

fn within(text: &str, most: usize) -> Cow<'_, str> {
    if text.len() <= most {
        return Cow::Borrowed(text);
    }
    let (head, tail) = (boundary(text, most * 3 / 5), boundary(text, text.len() - most / 5));
    Cow::Owned(format!("{}…{}", &text[..head], &text[tail..]))
}

fn cut(line: &str) -> String {
    if line.len() <= LONG {
        return line.to_owned();
    }
    let end = if line.ends_with('\n') { "\n" } else { "" };
    format!("{}…{end}", &line[..boundary(line, AROUND)])
}

/// The last boundary of characters up to `at`.
fn boundary(text: &str, at: usize) -> usize {
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn shortens_long_texts_and_no_others(text in "[a-zé\n]{0,900}") {
            let short = shortened(&text);
            prop_assert!(short.len() <= LONG + 10);
            prop_assert!(text.len() > LONG || short == text);
            prop_assert_eq!(short.chars().next(), text.chars().next());
            prop_assert_eq!(short.chars().last(), text.chars().last());
        }

        #[test]
        fn shows_the_same_characters_in_a_bounded_line(
            before in "[a-zé\n]{0,900}", place in "[A-ZÉ]{1,9}", after in "[a-zé\n]{0,900}",
        ) {
            let text = format!("{before}{place}{after}");
            let excerpt = Excerpt::around(&text, before.len());
            let span = excerpt.placed(before.len()..before.len() + place.len()).unwrap();
            prop_assert_eq!(&excerpt.text[span.clone()], place.as_str());
            prop_assert!(excerpt.text.lines().all(|line| line.len() <= LONG + 10));
            let line = |text: &str| text.matches('\n').count();
            prop_assert_eq!(line(&excerpt.text[..span.start]), line(&before));
        }
    }
}
