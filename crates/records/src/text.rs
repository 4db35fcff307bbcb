//! Text files that people write: experiments, lists of labels, published tables, manifests. All are
//! read alike.

use std::io;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use miette::{Diagnostic, NamedSource, SourceSpan};
use thiserror::Error;

use super::{Excerpt, LARGEST_TEXT, read_regular};

/// A text file that cannot be read, with the place of what is wrong in it.
#[derive(Debug, Error, Diagnostic)]
pub enum TextError {
    /// The file cannot be opened or read.
    #[error("failed to read `{}`", printable::path(path))]
    Read {
        /// The file.
        path: PathBuf,
        /// Its cause.
        source: io::Error,
    },
    /// The file is written in another encoding than UTF-8.
    #[error("`{}` is not UTF-8: {reason} (line {line}, column {column})", printable::path(path))]
    Encoding {
        /// The file.
        path: PathBuf,
        /// The byte that shows it, and the encoding that it looks like.
        reason: String,
        /// The byte's line, from 1.
        line: usize,
        /// The byte's column in characters, from 1.
        column: usize,
        /// The way to convert it.
        #[help]
        help: String,
    },
    /// The text has a character that no report can show.
    #[error(
        "`{}` contains the character {}, which XML 1.0 forbids (line {line}, column {column})",
        printable::path(path), escaped(*character)
    )]
    #[diagnostic(help("figures and pages cannot show it: remove it"))]
    Character {
        /// The file.
        path: PathBuf,
        /// The character.
        character: char,
        /// Its line, from 1.
        line: usize,
        /// Its column in characters, from 1.
        column: usize,
        /// The text.
        #[source_code]
        text: Arc<NamedSource<String>>,
        /// Its place.
        #[label("here")]
        span: SourceSpan,
    },
}

/// The text of a regular file of at most [`LARGEST_TEXT`] bytes in UTF-8, without a byte-order
/// mark.
///
/// # Errors
/// [`TextError`] says what the file looks like instead, and where.
pub fn read_text(path: &Path) -> Result<String, TextError> {
    let failed = |source| TextError::Read { path: path.to_owned(), source };
    let bytes = read_regular(path, LARGEST_TEXT).map_err(failed)?;
    text_of(path, bytes)
}

/// The text that the bytes of a file are; `path` names it in errors.
///
/// # Errors
/// As [`read_text`].
pub fn text_of(path: &Path, bytes: Vec<u8>) -> Result<String, TextError> {
    if let Some(Wide { name, iconv, marked, at }) = wide(&bytes) {
        let mark = if marked { "its byte-order mark says" } else { "its zero bytes look like" };
        let reason = format!("{mark} {name} (byte 0x{:02X})", bytes[at]);
        return Err(not_utf8(path, &bytes, at, reason, iconv));
    }
    let mut text = String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        let bytes = error.into_bytes();
        let byte = bytes[at];
        let meant = if byte < 0xA0 { String::new() } else { format!(", where it is `{}`", char::from(byte)) };
        let reason = format!("the byte 0x{byte:02X} looks like Latin-1 or Windows-1252{meant}");
        not_utf8(path, &bytes, at, reason, "WINDOWS-1252")
    })?;
    let marks = text.len() - text.trim_start_matches('\u{feff}').len();
    text.drain(..marks);
    match forbidden(&text) {
        None => Ok(text),
        Some((at, character)) => {
            Err(TextError::character(path, &text, at..at + character.len_utf8(), character))
        }
    }
}

impl TextError {
    /// The error that tells of a forbidden character at `span` of the text of a file.
    pub fn character(path: &Path, text: &str, span: Range<usize>, character: char) -> Self {
        let (line, column) = place(text, span.start);
        let shown = |text: &str| -> String {
            text.chars().map(|c| if is_forbidden(c) { char::REPLACEMENT_CHARACTER } else { c }).collect()
        };
        let start = shown(&text[..span.start]).len();
        let span = start..start + shown(&text[span]).len();
        let excerpt = Excerpt::around(&shown(text), start);
        let span = excerpt.placed(span).unwrap_or_default().into();
        let text = Arc::new(NamedSource::new(printable::path(path), excerpt.text));
        Self::Character { path: path.to_owned(), character, line, column, text, span }
    }
}

/// The first character that XML 1.0 forbids, and with it figures and pages: its byte and itself.
pub fn forbidden(text: &str) -> Option<(usize, char)> {
    text.char_indices().find(|&(_, character)| is_forbidden(character))
}

/// Returns true if XML 1.0 (production 2, `Char`) has no such character.
pub fn is_forbidden(character: char) -> bool {
    !matches!(character, '\t' | '\n' | '\r' | ' '..='\u{fffd}' | '\u{10000}'..)
}

/// A character as TOML and JSON escape it, such as `\u0008`.
pub fn escaped(character: char) -> String {
    format!("\\u{:04X}", u32::from(character))
}

/// An encoding of two or four bytes a character.
struct Wide {
    name: &'static str,
    iconv: &'static str,
    marked: bool,
    /// The byte that shows it.
    at: usize,
}

fn wide(bytes: &[u8]) -> Option<Wide> {
    let marks: [(&[u8], &str, &str); 4] = [
        (&[0xFF, 0xFE, 0, 0], "UTF-32", "UTF-32"), // before UTF-16, whose mark it begins with
        (&[0, 0, 0xFE, 0xFF], "UTF-32", "UTF-32"),
        (&[0xFF, 0xFE], "UTF-16", "UTF-16"),
        (&[0xFE, 0xFF], "UTF-16", "UTF-16"),
    ];
    if let Some(&(_, name, iconv)) = marks.iter().find(|(mark, ..)| bytes.starts_with(mark)) {
        return Some(Wide { name, iconv, marked: true, at: 0 });
    }
    // Letters of most of Europe have a zero for their upper byte.
    let zeros = |odd: usize| bytes.iter().skip(odd).step_by(2).filter(|&&byte| byte == 0).count();
    let many = bytes.len().div_ceil(4).max(1);
    let at = bytes.iter().position(|&byte| byte == 0)?;
    match (zeros(0) >= many, zeros(1) >= many) {
        (false, true) => Some(Wide { name: "UTF-16", iconv: "UTF-16LE", marked: false, at }),
        (true, false) => Some(Wide { name: "UTF-16", iconv: "UTF-16BE", marked: false, at }),
        _ => None,
    }
}

fn not_utf8(path: &Path, bytes: &[u8], at: usize, reason: String, iconv: &str) -> TextError {
    let (line, column) = place(&String::from_utf8_lossy(&bytes[..at]), usize::MAX);
    let help = format!("save it as UTF-8 in an editor, or convert it: iconv -f {iconv} -t UTF-8 OLD > NEW");
    TextError::Encoding { path: path.to_owned(), reason, line, column, help }
}

/// Line and column, from 1, of the byte `at` of a text, or of the text's end.
pub fn place(text: &str, at: usize) -> (usize, usize) {
    let before = &text[..at.min(text.len())];
    let line = before.rfind('\n').map_or(before, |end| &before[end + 1..]);
    (1 + before.matches('\n').count(), 1 + line.chars().count())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(bytes: &[u8]) -> Result<String, String> {
        text_of(Path::new("a.txt"), bytes.to_vec()).map_err(|error| error.to_string())
    }

    fn utf16(text: &str, bytes_of: fn(u16) -> [u8; 2]) -> Vec<u8> {
        text.encode_utf16().flat_map(bytes_of).collect()
    }

    #[test]
    fn strips_the_byte_order_mark_of_utf_8() {
        assert_eq!(read(b"\xEF\xBB\xBFmotorcycle\nchair\n"), Ok("motorcycle\nchair\n".to_owned()));
        assert_eq!(read(b""), Ok(String::new()));
    }

    #[test]
    fn tells_other_encodings_with_the_byte_and_its_place() {
        let latin1 = b"name = \"x\"\nprompts = [\"Fahrr\xE4der\"]\n";
        let texts = [
            read(latin1),
            read(b"\x80"),
            read(&utf16("\u{feff}name = \"x\"\n", u16::to_le_bytes)),
            read(&utf16("\u{feff}name = \"x\"\n", u16::to_be_bytes)),
            read(&utf16("name = \"x\"\n", u16::to_le_bytes)),
            read(&utf16("name = \"x\"\n", u16::to_be_bytes)),
            read(b"\xFF\xFE\0\0a\0\0\0"),
            read(b"a\nb\x01"),
        ];
        insta::assert_snapshot!(texts.map(Result::unwrap_err).join("\n"), @r"
        `a.txt` is not UTF-8: the byte 0xE4 looks like Latin-1 or Windows-1252, where it is `ä` (line 2, column 18)
        `a.txt` is not UTF-8: the byte 0x80 looks like Latin-1 or Windows-1252 (line 1, column 1)
        `a.txt` is not UTF-8: its byte-order mark says UTF-16 (byte 0xFF) (line 1, column 1)
        `a.txt` is not UTF-8: its byte-order mark says UTF-16 (byte 0xFE) (line 1, column 1)
        `a.txt` is not UTF-8: its zero bytes look like UTF-16 (byte 0x00) (line 1, column 2)
        `a.txt` is not UTF-8: its zero bytes look like UTF-16 (byte 0x00) (line 1, column 1)
        `a.txt` is not UTF-8: its byte-order mark says UTF-32 (byte 0xFF) (line 1, column 1)
        `a.txt` contains the character \u0001, which XML 1.0 forbids (line 2, column 2)
        ");
    }

    #[test]
    fn forbids_what_an_xml_parser_refuses_and_nothing_else() {
        for character in '\0'..=char::MAX {
            let written = match character {
                '<' | '&' => continue, // markup
                character => format!("<a>x{character}</a>"),
            };
            let refused = roxmltree::Document::parse(&written).is_err();
            assert_eq!(is_forbidden(character), refused, "{}", escaped(character));
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_a_text_or_an_error_with_a_place(bytes in any::<Vec<u8>>()) {
            match text_of(Path::new("a.txt"), bytes) {
                Ok(text) => {
                    let marked = text.starts_with('\u{feff}');
                    prop_assert!(forbidden(&text).is_none() && !marked);
                }
                Err(error) => prop_assert!(error.to_string().contains("(line "), "{}", error),
            }
        }

        #[test]
        fn any_text_without_forbidden_characters_is_read(text in "[\t\n -\u{d7ff}]{0,40}") {
            prop_assert_eq!(read(text.as_bytes()), Ok(text));
        }

        #[test]
        fn utf_16_is_told_for_what_it_is(text in "[ -~]{1,40}", mark in any::<bool>(), big in any::<bool>()) {
            let text = if mark { format!("\u{feff}{text}") } else { text };
            let bytes = utf16(&text, if big { u16::to_be_bytes } else { u16::to_le_bytes });
            prop_assert!(read(&bytes).unwrap_err().contains("UTF-16"));
        }
    }
}
