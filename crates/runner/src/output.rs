//! The only place that writes to the terminal, but for logs: what others have written into a text
//! is shown [`printable`].

use std::fmt::{self, Formatter};
use std::io::{self, IsTerminal, Write};

use console::Term;
use indicatif::{MultiProgress, ProgressDrawTarget, TermLike};
use miette::{Diagnostic, MietteHandlerOpts, Report, ReportHandler};

/// How often bars are drawn anew at most, in a second.
const FRAMES_PER_SECOND: u8 = 20;

/// Writes a result to stdout. A reader that has gone away (`runner plan … | head`) is not an error.
pub fn print(text: &str) {
    write(&mut io::stdout().lock(), &printable::text(text));
}

/// Writes a result in JSON to stdout.
pub fn print_json(json: &str) {
    write(&mut io::stdout().lock(), &printable::json(json));
}

/// Says something to a person, on stderr.
pub fn say(text: &str) {
    write(&mut io::stderr().lock(), &printable::text(text));
}

/// Says what went wrong, on stderr, in colors where [`show_errors_readably`] allowed them.
pub fn say_error(error: &Report) {
    write(&mut io::stderr().lock(), format!("{error:?}").trim_end());
}

/// Renders errors from now on as people read them. Colors only for a terminal; the width does not
/// depend on it, so that messages look the same everywhere.
pub fn show_errors_readably() {
    let colors = io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none();
    let hook = miette::set_hook(Box::new(move |_| Box::new(Readable { colors })));
    hook.expect("no hook has been set before");
}

/// Bars on stderr, if it is a terminal.
pub fn bars() -> MultiProgress {
    if !io::stderr().is_terminal() {
        return MultiProgress::with_draw_target(ProgressDrawTarget::hidden());
    }
    let terminal = Box::new(BarTerminal(Term::buffered_stderr()));
    MultiProgress::with_draw_target(ProgressDrawTarget::term_like_with_hz(terminal, FRAMES_PER_SECOND))
}

fn write(stream: &mut impl Write, text: &str) {
    // Nobody is left to be told of a terminal that cannot be written to.
    let _ = stream
        .write_all(text.as_bytes())
        .and_then(|()| stream.write_all(b"\n"))
        .and_then(|()| stream.flush());
}

/// Renders errors, in which names and reasons come from others. They are only told from colors
/// before there are any: what has something to escape in it goes without.
struct Readable {
    colors: bool,
}

impl ReportHandler for Readable {
    fn debug(&self, error: &dyn Diagnostic, f: &mut Formatter<'_>) -> fmt::Result {
        let rendered = |colors| {
            let handler = MietteHandlerOpts::new().color(colors).unicode(true).width(110).build();
            Rendered { handler: &handler, error }.to_string()
        };
        let plain = rendered(false);
        let shown = printable::text(&plain);
        if self.colors && shown == plain { f.write_str(&rendered(true)) } else { f.write_str(&shown) }
    }
}

struct Rendered<'e> {
    handler: &'e dyn ReportHandler,
    error: &'e dyn Diagnostic,
}

impl fmt::Display for Rendered<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        self.handler.debug(self.error, f)
    }
}

/// The terminal of bars, whose messages come from others.
#[derive(Debug)]
struct BarTerminal(Term);

impl TermLike for BarTerminal {
    fn width(&self) -> u16 {
        TermLike::width(&self.0)
    }

    fn height(&self) -> u16 {
        TermLike::height(&self.0)
    }

    fn move_cursor_up(&self, n: usize) -> io::Result<()> {
        self.0.move_cursor_up(n)
    }

    fn move_cursor_down(&self, n: usize) -> io::Result<()> {
        self.0.move_cursor_down(n)
    }

    fn move_cursor_right(&self, n: usize) -> io::Result<()> {
        self.0.move_cursor_right(n)
    }

    fn move_cursor_left(&self, n: usize) -> io::Result<()> {
        self.0.move_cursor_left(n)
    }

    fn write_line(&self, line: &str) -> io::Result<()> {
        self.0.write_line(&shown_bar(line))
    }

    fn write_str(&self, part: &str) -> io::Result<()> {
        self.0.write_str(&shown_bar(part))
    }

    fn clear_line(&self) -> io::Result<()> {
        self.0.clear_line()
    }

    fn flush(&self) -> io::Result<()> {
        self.0.flush()
    }
}

/// `indicatif` goes back to the begin of the line by a text of its own.
fn shown_bar(part: &str) -> std::borrow::Cow<'_, str> {
    if part == "\r" { part.into() } else { printable::line(part) }
}

#[cfg(test)]
mod tests {
    use miette::NamedSource;
    use proptest::prelude::*;
    use thiserror::Error;

    use super::*;

    #[derive(Debug, Error, Diagnostic)]
    #[error("`{name}` is wrong")]
    #[diagnostic(help("rather {name}"))]
    struct Wrong {
        name: String,
        #[source]
        reason: io::Error,
        #[source_code]
        code: NamedSource<String>,
        #[label("{name}")]
        place: miette::SourceSpan,
    }

    fn rendered(text: &str, colors: bool) -> String {
        let wrong = Wrong {
            name: text.to_owned(),
            reason: io::Error::other(text.to_owned()),
            code: NamedSource::new(text, format!("key = {text:?}\nother = '{text}'\n")),
            place: (0, 3).into(),
        };
        Rendered { handler: &Readable { colors }, error: &wrong }.to_string()
    }

    #[test]
    fn errors_are_colored_where_that_tells_them_from_texts() {
        assert!(rendered("a fox", true).contains("\u{1b}["));
        assert!(!rendered("a fox", false).contains('\u{1b}'));
        let hostile = rendered("a \u{1b}[31mfox", true);
        assert!(!hostile.contains('\u{1b}') && hostile.contains(r"a \u{1b}[31mfox"), "{hostile}");
    }

    #[test]
    fn bars_go_back_to_the_begin_of_the_line_but_their_messages_do_not() {
        assert_eq!(shown_bar("\r"), "\r");
        assert_eq!(shown_bar("a\rfox\u{1b}[2J"), r"a\rfox\u{1b}[2J");
    }

    proptest! {
        #[test]
        fn nothing_in_an_error_is_left_to_the_terminal(
            text in prop::collection::vec(prop_oneof![any::<char>(), prop::sample::select(vec!['\u{1b}', '\u{9b}', '\r', '\u{7}', '\u{202e}', '['])], 0..12),
        ) {
            let text = text.into_iter().collect::<String>();
            let shown = rendered(&text, false);
            prop_assert!(shown.chars().all(|c| printable::is_printable(c) || c == '\n' || c == '\t'), "{shown:?}");
            if printable::text(&text) != text {
                let colored = rendered(&text, true).contains('\u{1b}');
                prop_assert!(!colored);
            }
        }
    }
}
