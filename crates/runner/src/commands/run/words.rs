//! What a run says of the cells that it found.

use std::path::Path;

use records::counted;

pub(super) fn moved_cells(count: usize) -> Option<String> {
    let verb = if count == 1 { "is" } else { "are" };
    (count > 0).then(|| {
        format!("{} that {verb} called otherwise now: moved, not computed again", counted(count, "cell"))
    })
}

/// Says which cells lie in the folder and are no part of the experiment.
pub(super) fn unused_cells(folder: &Path, places: &[String]) -> Option<String> {
    const NAMED: usize = 3;
    let named = places.iter().take(NAMED).map(String::as_str).collect::<Vec<_>>().join(", ");
    let more = match places.len().saturating_sub(NAMED) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let (count, folder) = (counted(places.len(), "cell"), folder.join("cells"));
    (!places.is_empty()).then(|| {
        format!("not in the experiment, and kept in `{}`: {count} ({named}{more})", folder.display())
    })
}
