use std::io::{BufRead, Read, Result};

/// Second byte of the markers that this has to know, each behind `0xFF` (ITU-T T.81, table B.1).
const END_OF_IMAGE: u8 = 0xD9;
const STUFFING: u8 = 0x00;
const FILL: u8 = 0xFF;

/// Returns true if a JPEG file has its end: decoders fill in gray what is missing of one that was
/// cut off, and say nothing.
///
/// Goes from marker to marker, so that an end inside a thumbnail or a profile is not taken for the
/// image's.
///
/// # Errors
/// When the file cannot be read.
pub(crate) fn is_there(mut file: impl BufRead) -> Result<bool> {
    loop {
        if file.skip_until(0xFF)? == 0 {
            return Ok(false);
        }
        let Some(marker) = byte_but(FILL, &mut file)? else { return Ok(false) };
        match marker {
            END_OF_IMAGE => return Ok(true),
            STUFFING | 0x01 | 0xD0..=0xD8 => {} // data, and markers that nothing belongs to
            _ => {
                let (Some(high), Some(low)) = (byte(&mut file)?, byte(&mut file)?) else { return Ok(false) };
                let length = u64::from(u16::from_be_bytes([high, low])).saturating_sub(2);
                if std::io::copy(&mut file.by_ref().take(length), &mut std::io::sink())? < length {
                    return Ok(false);
                }
            }
        }
    }
}

fn byte(file: &mut impl BufRead) -> Result<Option<u8>> {
    let byte = file.fill_buf()?.first().copied();
    file.consume(usize::from(byte.is_some()));
    Ok(byte)
}

fn byte_but(skipped: u8, file: &mut impl BufRead) -> Result<Option<u8>> {
    loop {
        match byte(file)? {
            Some(byte) if byte == skipped => {}
            other => return Ok(other),
        }
    }
}
