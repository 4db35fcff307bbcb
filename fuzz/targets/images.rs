//! Pictures of others, as the judges read them.
#![no_main]

use libfuzzer_sys::fuzz_target;

use clip::Picture;

#[path = "shared/folder.rs"]
mod folder;

const SIDE: i64 = 32;

fuzz_target!(|file: &[u8]| {
    let path = folder::write("picture", file);
    let probed = Picture::probe(&path);
    let Ok(picture) = Picture::open(&path) else { return };
    assert!(probed.is_ok(), "what can be opened was not refused before: {probed:?}");
    let pixels = picture.pixels(SIDE);
    assert_eq!(pixels.size(), [3, SIDE, SIDE]);
    assert!(pixels.isfinite().all().int64_value(&[]) == 1);
    let rows = picture.height().min(4);
    assert_eq!(picture.rows(picture.height() - rows..picture.height()).size()[1], i64::from(rows));
});
