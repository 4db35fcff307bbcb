//! Event files, against TensorBoard's own and decoded by hand.

use std::collections::BTreeMap;
use std::process::Command;

use records::CellStatus;

use super::*;
use crate::fixture::{Grid, Results, python_of_checks};

/// Expected bytes: `tests/reference/tensorboard_events.py golden`, TensorBoard's own messages and
/// writer.
#[test]
fn a_file_is_tensorboards_to_the_byte() {
    let events = [
        Event::version(),
        Event::scalars(0.25, 1, &[("loss/total", -36.5), ("loss/class", 0.0)]),
        Event::scalars(1.0 / 3.0, 2, &[("loss/total", f32::NAN), ("similarity/cutouts", 41.125)]),
        Event::image(1e6, 300, "image", Image::png(2, 1, b"\x89PNG not really \0\xff".to_vec())),
    ];
    let want = include_bytes!("golden.tfevents");
    assert_eq!(record::file(&events), want);
}

/// Of two texts with the coefficient 50, a term of −36 is a mean cosine of 0.36.
#[test]
fn similarities_are_cosines_whatever_the_coefficient_and_the_number_of_texts() {
    let row = TraceRow { step: 3, loss: [1.0, -36.0, 2.0, 4.0].into(), seconds: 0.5 };
    let scale = CosineScale { loss_coef: 50.0, texts: records::Texts { approach: 2, avoid: 0 } };
    let scalars = [
        ("loss/total", 1.0),
        ("loss/similarity", -36.0),
        ("loss/latent", 2.0),
        ("loss/class", 4.0),
        ("similarity/cutouts", 36.0),
    ];
    assert_eq!(step(&row, &scale), Event::scalars(0.5, 3, &scalars));
}

/// A protobuf field: its number, and a number or bytes.
enum Field<'b> {
    Number(u64),
    Bytes(&'b [u8]),
}

fn varint(bytes: &mut &[u8]) -> u64 {
    let (mut value, mut shift) = (0, 0);
    loop {
        let byte = bytes[0];
        *bytes = &bytes[1..];
        value |= u64::from(byte & 0x7f) << shift;
        shift += 7;
        if byte < 0x80 {
            return value;
        }
    }
}

fn fields(mut bytes: &[u8]) -> Vec<(u64, Field<'_>)> {
    let mut fields = Vec::new();
    while !bytes.is_empty() {
        let key = varint(&mut bytes);
        let length = match key & 7 {
            0 => {
                fields.push((key >> 3, Field::Number(varint(&mut bytes))));
                continue;
            }
            1 => 8,
            2 => varint(&mut bytes) as usize,
            5 => 4,
            other => panic!("wire type {other}"),
        };
        fields.push((key >> 3, Field::Bytes(&bytes[..length])));
        bytes = &bytes[length..];
    }
    fields
}

fn bytes<'b>(message: &[(u64, Field<'b>)], number: u64) -> Option<&'b [u8]> {
    message.iter().find_map(|(field, value)| match value {
        Field::Bytes(bytes) if *field == number => Some(*bytes),
        _ => None,
    })
}

/// CRC-32C bit by bit: polynomial 0x1EDC6F41, reflected.
fn crc32c_by_hand(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0, |crc: u32, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| (crc >> 1) ^ (0x82f6_3b78 & 0_u32.wrapping_sub(crc & 1)))
    })
}

/// The messages of a file, their checksums checked.
fn messages(mut file: &[u8]) -> Vec<&[u8]> {
    let checked = |bytes: &[u8], masked: &[u8]| {
        let crc = u32::from_le_bytes(masked.try_into().unwrap()).wrapping_sub(0xa282_ead8).rotate_left(15);
        assert_eq!(crc, crc32c_by_hand(bytes));
    };
    let mut messages = Vec::new();
    while !file.is_empty() {
        let length = u64::from_le_bytes(file[..8].try_into().unwrap()) as usize;
        checked(&file[..8], &file[8..12]);
        let message = &file[12..12 + length];
        checked(message, &file[12 + length..16 + length]);
        messages.push(message);
        file = &file[16 + length..];
    }
    messages
}

#[test]
fn a_cells_losses_and_images_are_in_its_file() {
    let results = Grid { steps: 30, frames: vec![10, 30], ..Grid::table_2() }.write();
    results
        .end("cow/sgd/seed-0", CellStatus::Diverged { at_step: 7, seconds: 1.0, similarity_initial: None });
    let folder = write_tensorboard(results.path()).unwrap();
    let read = |results: &Results, cell: &str| {
        let study = Study::read(results.path()).unwrap();
        let trace = study.cells.iter().find(|known| known.record.id == cell).unwrap().trace.clone();
        (trace, std::fs::read(folder.join(cell).join(FILE)).unwrap())
    };
    let (trace, file) = read(&results, "bicycle/adam/seed-0");
    let mut scalars: BTreeMap<(String, u64), f32> = BTreeMap::new();
    let mut images = Vec::new();
    let messages = messages(&file);
    assert_eq!(bytes(&fields(messages[0]), 3), Some(&b"brain.Event:2"[..]));
    for message in &messages[1..] {
        let event = fields(message);
        let step = event.iter().find_map(|(field, value)| match value {
            Field::Number(step) if *field == 2 => Some(*step),
            _ => None,
        });
        let step = step.unwrap();
        let seconds = f64::from_le_bytes(bytes(&event, 1).unwrap().try_into().unwrap());
        assert_eq!(seconds, trace[step as usize - 1].seconds);
        for (_, value) in fields(bytes(&event, 5).unwrap()) {
            let Field::Bytes(value) = value else { panic!("a number for a value") };
            let value = fields(value);
            let tag = String::from_utf8(bytes(&value, 1).unwrap().to_vec()).unwrap();
            match (bytes(&value, 2), bytes(&value, 4)) {
                (Some(number), None) => {
                    scalars.insert((tag, step), f32::from_le_bytes(number.try_into().unwrap()));
                }
                (None, Some(image)) => images.push((step, bytes(&fields(image), 4).unwrap().to_vec())),
                _ => panic!("{tag} is neither a number nor an image"),
            }
        }
    }
    assert_eq!(scalars.len(), 30 * 5 + 2);
    for row in &trace {
        let at = |tag: &str| scalars[&(tag.to_owned(), u64::from(row.step))];
        assert_eq!(
            [at("loss/total"), at("loss/similarity"), at("loss/latent"), at("loss/class")],
            row.loss.values()
        );
    }
    assert_eq!(scalars[&("similarity/image_of_averaged_latents".to_owned(), 30)], 40.59);
    let frame = |step: u32| {
        std::fs::read(results.path().join(format!("cells/bicycle/adam/seed-0/frames/{step:06}.png"))).unwrap()
    };
    assert_eq!(images, [(10, frame(10)), (30, frame(30))]);

    // What diverged has its steps and no last similarity.
    let (_, diverged) = read(&results, "cow/sgd/seed-0");
    assert!(!String::from_utf8_lossy(&diverged).contains("image_of"));
}

/// `tests/reference/tensorboard_events.py check` opens them with TensorBoard's own reader and
/// compares them with the records.
#[test]
fn tensorboard_itself_reads_what_is_written() {
    let Some(python) = python_of_checks("event files by TensorBoard") else { return };
    let frames = (1..=3).map(|n| n * 20).collect();
    let results = Grid { steps: 60, frames, ..Grid::table_2() }.write();
    write_tensorboard(results.path()).unwrap();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/reference/tensorboard_events.py");
    let output = Command::new(python).arg(script).arg("check").arg(results.path()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    // 24 cells, four terms of 60 steps, three frames.
    let told = String::from_utf8_lossy(&output.stdout);
    assert!(told.starts_with("24 runs, 5760 points and 72 images"), "{told}");
}
