//! The head of a record: the number of its format, and a digest of everything below it.

use thiserror::Error;

use super::digests::sha256;

/// The format of the records that this program writes. Records without a head are of version 0,
/// which had no digests.
pub const FORMAT: u32 = 3;

/// A record whose head does not agree with its content.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub(super) enum SealError {
    #[error("it is empty")]
    Empty,
    #[error("its head is damaged")]
    Head,
    #[error("it does not match the digest in its head")]
    Changed,
    #[error("it is not text")]
    NotText,
    #[error("a newer version of this program wrote it (format {found}; this version knows {FORMAT})")]
    Newer { found: u64 },
}

/// The first format whose digest covers its number, too: one flipped bit makes a 3 a 2.
const SEALED_WITH_NUMBER: u64 = 3;

/// The digest in the head of a record of this format.
fn digest_of(format: u64, body: &str) -> String {
    match format < SEALED_WITH_NUMBER {
        true => sha256(body.as_bytes()),
        false => sha256(format!("{FORMAT_KEY}{format}\n{body}").as_bytes()),
    }
}

/// The text of a record with its head.
pub(super) fn sealed(body: &str) -> String {
    format!("{FORMAT_KEY}{FORMAT}\n{DIGEST_KEY}\"{}\"\n{body}", digest_of(FORMAT.into(), body))
}

/// The text of a record without its head, whose place two empty lines take, so that errors name the
/// right line.
pub(super) fn opened(bytes: &[u8]) -> Result<String, SealError> {
    if bytes.is_empty() {
        return Err(SealError::Empty);
    }
    let text = std::str::from_utf8(bytes).map_err(|_| SealError::NotText)?;
    let Some(rest) = text.strip_prefix(FORMAT_KEY) else { return Ok(text.to_owned()) };
    let (number, rest) = rest.split_once('\n').ok_or(SealError::Head)?;
    let format = number.parse::<u64>().map_err(|_| SealError::Head)?;
    match format {
        0 => return Err(SealError::Head),
        found if u64::from(FORMAT) < found => return Err(SealError::Newer { found }),
        _ => {}
    }
    let digest = rest.strip_prefix(DIGEST_KEY).and_then(|rest| rest.strip_prefix('"'));
    let (digest, body) = digest.and_then(|rest| rest.split_once("\"\n")).ok_or(SealError::Head)?;
    if digest != digest_of(format, body) {
        return Err(SealError::Changed);
    }
    Ok(format!("\n\n{body}"))
}

const FORMAT_KEY: &str = "format = ";
const DIGEST_KEY: &str = "sha256 = ";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn opens_what_it_has_sealed() {
        let text = sealed("id = \"a\"\n");
        assert_eq!(opened(text.as_bytes()).unwrap(), "\n\nid = \"a\"\n");
        assert!(text.parse::<toml::Table>().unwrap()["id"].is_str(), "the head is TOML, too");
    }

    #[test]
    fn reads_records_of_before_there_were_heads() {
        assert_eq!(opened(b"id = \"a\"\n").unwrap(), "id = \"a\"\n");
    }

    #[test]
    fn reads_records_whose_digest_does_not_cover_the_number() {
        let body = "id = \"a\"\n";
        for format in [1, 2] {
            let text = format!("{FORMAT_KEY}{format}\n{DIGEST_KEY}\"{}\"\n{body}", sha256(body.as_bytes()));
            assert_eq!(opened(text.as_bytes()).unwrap(), format!("\n\n{body}"));
        }
    }

    #[test]
    fn tells_a_newer_format_from_a_damaged_one() {
        let newer = sealed("id = \"a\"\n").replacen("format = 3", "format = 4", 1);
        assert_eq!(opened(newer.as_bytes()), Err(SealError::Newer { found: 4 }));
        assert_eq!(opened(b""), Err(SealError::Empty));
    }

    /// A flip in the key of the format leaves a record of version 0 with keys that no record has:
    /// see the reader's tests.
    #[test]
    fn finds_every_flipped_bit_below_the_first_word_and_every_cut() {
        let text = sealed("id = \"a\"\nseconds = 1.5\n");
        for place in FORMAT_KEY.len()..text.len() {
            for bit in 0..8 {
                let mut bytes = text.clone().into_bytes();
                bytes[place] ^= 1 << bit;
                assert!(opened(&bytes).is_err(), "bit {bit} of byte {place}");
            }
            assert!(opened(&text.as_bytes()[..place]).is_err(), "cut after {place} bytes");
        }
    }
}
