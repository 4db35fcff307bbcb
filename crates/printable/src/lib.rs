//! Texts of others as they may be shown on a terminal, in a log or in a file that is shown there.
//!
//! A prompt, a file's name or an error's reason can hold escape sequences, which move the cursor,
//! hide what stands beside them or rename the window, and marks that turn the direction of writing.
//! They are shown escaped, as Rust writes them; texts of any language, accents and emoji are as
//! they were:
//!
//! ```
//! assert_eq!(printable::line("a red\u{1b}[31m fox\n"), r"a red\u{1b}[31m fox\n");
//! assert_eq!(printable::line("夕焼け, crème brûlée, 👩‍🚀"), "夕焼け, crème brûlée, 👩‍🚀");
//! ```

use std::borrow::Cow;
use std::path::Path;

/// Returns true if a terminal shows `c`, and neither acts on it nor turns what follows.
///
/// The others are the control characters (Unicode's category Cc: C0, DEL and C1), which escape
/// sequences begin with, the separators of lines and paragraphs, and the embeddings, overrides and
/// isolates of the bidirectional algorithm (UAX #9).
#[must_use]
pub fn is_printable(c: char) -> bool {
    !(c.is_control()
        || matches!(c, '\u{2028}' | '\u{2029}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}'))
}

/// A text that is part of a line, such as a name.
#[must_use]
pub fn line(text: &str) -> Cow<'_, str> {
    escaped(text, is_printable)
}

/// The path of a file as part of a line: names may have line feeds, with which one could pass for a
/// line of the program's.
#[must_use]
pub fn path(path: &Path) -> String {
    line(&path.to_string_lossy()).into_owned()
}

/// A text of several lines, in which line feeds and tabs are the program's own.
#[must_use]
pub fn text(text: &str) -> Cow<'_, str> {
    escaped(text, |c| is_printable(c) || matches!(c, '\n' | '\t'))
}

/// A JSON text, which stays one: there escapes are `\u` and four digits.
#[must_use]
pub fn json(text: &str) -> Cow<'_, str> {
    let may_stay = |c| is_printable(c) || matches!(c, '\n' | '\t');
    replaced(text, may_stay, |c| format!("\\u{:04x}", u32::from(c)))
}

/// A line of a program that colors what is its own and has escaped what is not: colors (`ESC [ 31
/// m`) and a line feed at the end stay, and nothing else does.
#[must_use]
pub fn colored_line(text: &str) -> Cow<'_, str> {
    let (body, end) = text.strip_suffix('\n').map_or((text, ""), |body| (body, "\n"));
    let mut parts = body.split('\u{1b}');
    let mut shown = parts.next().map(line).unwrap_or_default().into_owned();
    for part in parts {
        match color_length(part) {
            Some(length) => shown.extend(["\u{1b}", &part[..length], &line(&part[length..])]),
            None => shown.extend([r"\u{1b}", &line(part)]),
        }
    }
    shown += end;
    if shown == text { Cow::Borrowed(text) } else { Cow::Owned(shown) }
}

/// The length of what selects a color (ECMA-48's SGR) behind an escape character, if that is what
/// is there.
fn color_length(behind_escape: &str) -> Option<usize> {
    let parameters = behind_escape.strip_prefix('[')?;
    let length = parameters.find(|c: char| !(c.is_ascii_digit() || c == ';'))?;
    parameters[length..].starts_with('m').then_some(1 + length + 1)
}

fn escaped(text: &str, may_stay: impl Fn(char) -> bool) -> Cow<'_, str> {
    replaced(text, may_stay, |c| c.escape_default().to_string())
}

fn replaced(text: &str, may_stay: impl Fn(char) -> bool, escape: impl Fn(char) -> String) -> Cow<'_, str> {
    if text.chars().all(&may_stay) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        if may_stay(c) { shown.push(c) } else { shown += &escape(c) }
    }
    Cow::Owned(shown)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Texts in which every second character is one that must not be shown.
    fn hostile() -> impl Strategy<Value = String> {
        let bad = prop::sample::select(
            "\u{1b}\u{9b}\u{7}\r\n\t\u{7f}\u{85}\u{202e}\u{2066}\u{2028}\0[;m31K".chars().collect::<Vec<_>>(),
        );
        prop::collection::vec(prop_oneof![any::<char>(), bad], 0..40)
            .prop_map(|chars| chars.into_iter().collect())
    }

    #[test]
    fn leaves_texts_of_all_languages_as_they_are() {
        for fine in [
            "",
            "a fox | autumn",
            "夕焼け",
            "crème brûlée",
            "👩‍🚀🏴󠁧󠁢󠁥󠁮󠁧󠁿",
            "שלום",
            "مرحبا",
            "ไทย",
            r"C:\new\table",
            "e\u{301}",
        ] {
            for shown in [line(fine), text(fine), json(fine), colored_line(fine)] {
                assert!(matches!(shown, Cow::Borrowed(_)) && shown == fine);
            }
        }
    }

    #[test]
    fn a_path_is_part_of_a_line() {
        assert_eq!(path(Path::new("a b/é.png")), "a b/é.png");
        assert_eq!(path(Path::new("a.png\nerror: b\u{1b}[2J")), r"a.png\nerror: b\u{1b}[2J");
    }

    #[test]
    fn shows_what_a_terminal_would_act_on() {
        assert_eq!(
            line("\u{1b}]0;title\u{7}\r\n\u{9b}2J\u{202e}"),
            r"\u{1b}]0;title\u{7}\r\n\u{9b}2J\u{202e}"
        );
        assert_eq!(text("two\nlines\tand \u{1b}[2J\r"), "two\nlines\tand \\u{1b}[2J\\r");
        assert_eq!(json("{\n\"a\": \"\u{9b}\u{7f}\"}"), "{\n\"a\": \"\\u009b\\u007f\"}");
        assert_eq!(colored_line("\u{1b}[1;31mred\u{1b}[0m\n"), "\u{1b}[1;31mred\u{1b}[0m\n");
        assert_eq!(colored_line("\u{1b}[2J\u{1b}[31\n\n"), "\\u{1b}[2J\\u{1b}[31\\n\n");
    }

    proptest! {
        #[test]
        fn nothing_but_the_program_s_own_comes_out(given in hostile()) {
            prop_assert!(line(&given).chars().all(is_printable));
            let own = |c| is_printable(c) || c == '\n' || c == '\t';
            prop_assert!(text(&given).chars().all(own));
            prop_assert!(json(&given).chars().all(own));
            let colored = colored_line(&given);
            let mut rest = colored.strip_suffix('\n').unwrap_or(&colored).split('\u{1b}');
            prop_assert!(rest.next().unwrap().chars().all(is_printable));
            for part in rest {
                prop_assert!(part[color_length(part).unwrap()..].chars().all(is_printable), "{part}");
            }
        }

        #[test]
        fn is_done_once(given in hostile()) {
            let once = line(&given);
            prop_assert_eq!(line(&once), once.as_ref());
            let once = text(&given);
            prop_assert_eq!(text(&once), once.as_ref());
            let once = colored_line(&given);
            prop_assert_eq!(colored_line(&once), once.as_ref());
        }

        #[test]
        fn joins_of_lines_are_texts(given in prop::collection::vec(hostile(), 0..5)) {
            let lines: Vec<_> = given.iter().map(|given| line(given)).collect();
            let joined = lines.join("\n");
            prop_assert!(text(&joined) == joined);
        }
    }
}
