//! `TFRecord`, the framing of event files: length, its checksum, the message, its checksum.

use prost::Message as _;

use super::event::Event;

/// The events as a file.
pub(super) fn file(events: &[Event]) -> Vec<u8> {
    events.iter().flat_map(|event| framed(&event.encode_to_vec())).collect()
}

fn framed(message: &[u8]) -> Vec<u8> {
    let length = (message.len() as u64).to_le_bytes();
    let (of_length, of_message) = (masked(&length).to_le_bytes(), masked(message).to_le_bytes());
    [&length[..], &of_length, message, &of_message].concat()
}

/// CRC-32C, turned and shifted so that a checksum of data with checksums in it still tells
/// something.
///
/// Source: TensorFlow, `core/lib/hash/crc32c.h`, `Mask`.
fn masked(bytes: &[u8]) -> u32 {
    crc32c::crc32c(bytes).rotate_right(15).wrapping_add(0xa282_ead8)
}
