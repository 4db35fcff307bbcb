//! The places on a sheet, in pixels.

pub(super) const MARGIN: i32 = 24;
pub(super) const HEADER: i32 = 116;
pub(super) const LABELS: i32 = 230;
pub(super) const GAP: i32 = 14;
/// Room for the words below an image.
pub(super) const BELOW: i32 = 34;

/// The side of a legend's sample, and the height of its lines.
pub(super) const SWATCH: i32 = 20;
pub(super) const LEGEND_LINE: i32 = 32;

/// Positions on a sheet, in pixels.
pub(super) struct Grid {
    pub(super) side: i32,
    pub(super) columns: i32,
    pub(super) rows: i32,
    pub(super) below: i32,
    pub(super) legend_lines: i32,
}

/// Room for a title and a subtitle, however few the images.
const LEAST_WIDTH: u32 = 900;

impl Grid {
    /// The upper left corner of an image.
    pub(super) fn at(&self, row: i32, column: i32) -> (i32, i32) {
        (MARGIN + LABELS + column * (self.side + GAP), HEADER + row * (self.side + self.below + GAP))
    }

    pub(super) fn size(&self) -> (u32, u32) {
        let right = self.at(self.rows, self.columns).0 - GAP;
        (
            ((right + MARGIN) as u32).max(LEAST_WIDTH),
            (self.bottom() + self.legend_lines * LEGEND_LINE + MARGIN) as u32,
        )
    }

    /// Bottom of the images.
    pub(super) fn bottom(&self) -> i32 {
        self.at(self.rows, self.columns).1 - GAP
    }
}
