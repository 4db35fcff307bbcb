//! Faults that tests inject where a device or a disk may fail; outside of tests there are none.

#[cfg(not(test))]
use records::CellFolder;

/// A place of a run where tests make it fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// The frames of a save point are drawn, those of a batch together.
    Draw,
    /// A save point is written, on the writer's thread.
    Write,
    /// The last image of a cell is drawn and judged.
    Finish,
}

/// Fails where a test has injected a fault for these cells.
#[cfg(not(test))]
pub(super) fn at<'f>(_: Place, _: impl IntoIterator<Item = &'f CellFolder>) {}

#[cfg(test)]
pub(super) use injected::at;

#[cfg(test)]
mod injected;
#[cfg(test)]
mod tests;
