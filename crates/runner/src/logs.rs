//! Logs: to the terminal as much as was asked for, and all that matters to the results folder.

use std::fmt::Debug;
use std::fs::{self, File};
use std::io::{self, IsTerminal, Write};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use indicatif::MultiProgress;
use tracing::field::Field;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::field::MakeExt;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::fmt::format::{FormatFields, Writer, debug_fn};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Layer, fmt};

use crate::cli::GlobalArgs;

/// The log in the results folder, once that is known.
#[derive(Clone, Debug, Default)]
pub struct RunLog {
    file: Arc<Mutex<Option<File>>>,
}

/// Starts logging; `bars` step aside for each line.
pub(crate) fn start(args: &GlobalArgs, bars: &MultiProgress) -> RunLog {
    let log = RunLog::default();
    let on_terminal = match (args.quiet, args.verbose) {
        (true, _) => LevelFilter::ERROR,
        (_, 0) if io::stderr().is_terminal() => LevelFilter::WARN, // the bars tell the rest
        (_, 0) => LevelFilter::INFO,
        (_, 1) => LevelFilter::DEBUG,
        (_, _) => LevelFilter::TRACE,
    };
    let terminal = fmt::layer()
        .with_target(false)
        .fmt_fields(fields())
        .with_ansi(io::stderr().is_terminal())
        .with_writer(Above(bars.clone()))
        .with_filter(on_terminal);
    let file = fmt::layer()
        .with_target(false)
        .fmt_fields(fields())
        .with_ansi(false)
        .with_writer(log.clone())
        .with_filter(LevelFilter::DEBUG.max(on_terminal));
    // Fails where a test of this process has started one before.
    let _ = tracing_subscriber::registry().with(terminal.and_then(file).with_filter(own_crates())).try_init();
    log
}

/// The crates of this workspace that log.
const OWN_CRATES: [&str; 5] = ["judges", "model_sets", "optim_python", "runner", "torch_ext"];

/// Writes fields as `tracing-subscriber` does by default, their values [`printable`]: it leaves
/// escape sequences in values that are shown by `Display` (`%`).
fn fields() -> impl for<'w> FormatFields<'w> + 'static {
    let field = |writer: &mut Writer<'_>, field: &Field, value: &dyn Debug| {
        let value = format!("{value:?}");
        let value = printable::line(&value);
        match (field.name(), writer.has_ansi_escapes()) {
            ("message", _) => writer.write_str(&value),
            (name, true) => write!(writer, "\u{1b}[3m{name}\u{1b}[0m\u{1b}[2m=\u{1b}[0m{value}"),
            (name, false) => write!(writer, "{name}={value}"),
        }
    };
    debug_fn(field).delimited(" ")
}

/// Filter that drops other crates' events.
fn own_crates() -> tracing_subscriber::filter::Targets {
    OWN_CRATES.into_iter().map(|name| (name, LevelFilter::TRACE)).collect()
}

impl RunLog {
    /// Logs to this file too, from now on.
    ///
    /// # Errors
    /// When it cannot be opened.
    pub fn write_to(&self, path: &Path) -> io::Result<()> {
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        let file = records::open_untruncated(path)?;
        *self.file.lock().unwrap_or_else(PoisonError::into_inner) = Some(file);
        Ok(())
    }
}

impl Write for &RunLog {
    fn write(&mut self, event: &[u8]) -> io::Result<usize> {
        if let Some(file) = &mut *self.file.lock().unwrap_or_else(PoisonError::into_inner) {
            file.write_all(shown(event).as_bytes())?;
        }
        Ok(event.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'w> MakeWriter<'w> for RunLog {
    type Writer = &'w RunLog;

    fn make_writer(&'w self) -> Self::Writer {
        self
    }
}

/// An event as one line: `tracing-subscriber` writes it in one piece, in which colors are its own.
fn shown(event: &[u8]) -> String {
    printable::colored_line(&String::from_utf8_lossy(event)).into_owned()
}

/// Stderr, above the bars.
struct Above(MultiProgress);

impl Write for &Above {
    fn write(&mut self, event: &[u8]) -> io::Result<usize> {
        self.0.suspend(|| io::stderr().lock().write_all(shown(event).as_bytes()))?;
        Ok(event.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'w> MakeWriter<'w> for Above {
    type Writer = &'w Above;

    fn make_writer(&'w self) -> Self::Writer {
        self
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn hears_every_crate_of_the_workspace_that_logs() {
        let mut logging = Vec::new();
        for folder in fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/..")).unwrap() {
            let folder = folder.unwrap();
            let Ok(manifest) = fs::read_to_string(folder.path().join("Cargo.toml")) else { continue };
            if manifest.contains("\ntracing.workspace") {
                logging.push(folder.file_name().into_string().unwrap().replace('-', "_"));
            }
        }
        logging.sort();
        assert_eq!(logging, OWN_CRATES);
    }

    /// What is logged of a text, in a message, shown and as it is for programs, with colors and
    /// without.
    fn logged(text: &str, colors: bool) -> String {
        let file = tempfile::NamedTempFile::new().unwrap();
        let log = RunLog::default();
        log.write_to(file.path()).unwrap();
        let layer = fmt::layer().fmt_fields(fields()).with_ansi(colors).with_writer(log);
        tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), || {
            tracing::warn!(cell = text, reason = %text, list = ?[text], "{text}");
        });
        std::fs::read_to_string(file.path()).unwrap()
    }

    fn without_colors(text: &str) -> String {
        let mut parts = text.split("\u{1b}[");
        let first = parts.next().unwrap_or_default().to_owned();
        parts.fold(first, |text, part| text + part.split_once('m').unwrap().1)
    }

    #[test]
    fn an_event_is_a_line() {
        let line = logged("a\nb", false);
        assert!(line.ends_with('\n') && line.lines().count() == 1 && line.contains("WARN"), "{line}");
        assert!(logged("夕焼け 👩‍🚀", false).contains("夕焼け 👩‍🚀"));
    }

    #[test]
    fn fields_look_as_they_do_by_default() {
        let event = |colors| {
            let line = logged("a fox", colors);
            line[line.find("runner").unwrap()..].to_owned()
        };
        assert_eq!(event(false), "runner::logs::tests: a fox cell=\"a fox\" reason=a fox list=[\"a fox\"]\n");
        let equals = "\u{1b}[0m\u{1b}[2m=\u{1b}[0m";
        let colored = event(true);
        assert!(colored.contains(&format!("a fox \u{1b}[3mcell{equals}\"a fox\" ")), "{colored:?}");
    }

    #[test]
    fn no_text_colors_the_log() {
        for text in ["\u{1b}[m", "\u{1b}[31mred"] {
            assert!(!logged(text, false).contains('\u{1b}'));
            let escapes = |text| logged(text, true).matches('\u{1b}').count();
            assert_eq!(escapes(text), escapes(""));
        }
    }

    proptest! {
        #[test]
        fn nothing_in_an_event_is_left_to_the_terminal(
            text in prop::collection::vec(prop_oneof![any::<char>(), prop::sample::select("\u{1b}\u{9b}\r\n\u{7}\u{202e}[31m".chars().collect::<Vec<_>>())], 0..20),
        ) {
            let text = text.into_iter().collect::<String>();
            let plain = logged(&text, false);
            prop_assert!(plain.strip_suffix('\n').unwrap().chars().all(printable::is_printable), "{plain:?}");
            // Colors are the program's: as many with any text as with none.
            let (colored, bare) = (logged(&text, true), logged("", true));
            prop_assert_eq!(colored.matches('\u{1b}').count(), bare.matches('\u{1b}').count());
            let rest = without_colors(colored.strip_suffix('\n').unwrap());
            prop_assert!(rest.chars().all(printable::is_printable), "{rest:?}");
        }
    }
}
