//! The legend below a sheet: colors and what they mean.

use super::Sheet;
use super::grid::{Grid, MARGIN, SWATCH};
use crate::draw::text::{INK, text, width};

/// An entry of a legend and where it is.
pub(super) struct Entry<'s> {
    pub(super) color: [u8; 3],
    pub(super) name: &'s str,
    pub(super) left: i32,
    pub(super) line: i32,
}

/// The legend's entries, in as many lines as the sheet's width makes of them.
pub(super) fn legend<'s>(sheet: &'s Sheet, grid: &Grid) -> Vec<Entry<'s>> {
    let room = grid.size().0 as i32 - MARGIN;
    let (mut left, mut line) = (MARGIN, 0);
    let mut entries = Vec::new();
    for (color, name) in &sheet.legend {
        let wide = SWATCH + 8 + width(name, &text(20, INK)) as i32;
        if MARGIN < left && room < left + wide {
            (left, line) = (MARGIN, line + 1);
        }
        entries.push(Entry { color: *color, name, left, line });
        left += wide + 28;
    }
    entries
}
