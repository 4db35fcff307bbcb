//! Tables of published figures: read or refused with a place that can be shown.
#![no_main]

use libfuzzer_sys::fuzz_target;
use records::PublishedTable;

#[path = "shared/shown.rs"]
mod shown;

fuzz_target!(|text: &str| {
    match PublishedTable::parse("table.csv", text) {
        Ok(table) => {
            let figures = table.rows.iter().flat_map(|row| &row.figures);
            assert!(figures.flatten().all(|figure| figure.is_finite()));
            assert!(table.rows.iter().all(|row| row.figures.len() == table.optimizers.len()));
        }
        Err(error) => shown::show(&*error),
    }
});
