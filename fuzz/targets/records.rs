//! Records of a results folder: written again, a record that was read reads the same. The first
//! line of an input names the file.
#![no_main]

use libfuzzer_sys::{Corpus, fuzz_target};
use records::{RecordError, ResultsFolder};

#[path = "shared/folder.rs"]
mod folder;

fuzz_target!(|input: &[u8]| -> Corpus {
    let Some(end) = input.iter().position(|&byte| byte == b'\n') else { return Corpus::Reject };
    let (name, body) = (&input[..end], &input[end + 1..]);
    let results = ResultsFolder::at(folder::folder());
    let cell = results.cell("a");
    match name {
        b"cell.toml" => {
            folder::write("cells/a/cell.toml", body);
            again(cell.record(), |record| cell.write_record(record), || cell.record());
        }
        b"trace.csv" => {
            folder::write("cells/a/trace.csv", body);
            let rows = cell.trace().map(Some);
            again(rows, |rows| cell.write_trace(rows), || cell.trace().map(Some));
        }
        b"evaluation.toml" => {
            folder::write("cells/a/evaluation.toml", body);
            again(cell.evaluation(), |judged| cell.write_evaluation(judged), || cell.evaluation());
        }
        b"labels.toml" => {
            folder::write("labels.toml", body);
            again(results.labels(), |labels| results.write_labels(labels), || results.labels());
        }
        b"plan.toml" => {
            folder::write("plan.toml", body);
            let plan = || results.plan().map(Some);
            again(plan(), |plan| results.write_plan(plan), plan);
        }
        _ => return Corpus::Reject,
    }
    Corpus::Keep
});

/// Writes a record that was read, and reads it again.
fn again<T: PartialEq + std::fmt::Debug>(
    read: Result<Option<T>, RecordError>,
    write: impl Fn(&T) -> Result<(), RecordError>,
    read_again: impl Fn() -> Result<Option<T>, RecordError>,
) {
    match read {
        Ok(Some(record)) => {
            write(&record).expect("a record that was read can be written");
            assert_eq!(read_again().expect("a record that was written can be read"), Some(record));
        }
        Ok(None) => {}
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}
