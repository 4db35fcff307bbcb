//! Damage at random places: no table changes in silence.

use std::fs;
use std::path::PathBuf;

use records::judged_files;

use super::*;

/// A finished and judged run whose records have digests.
fn sealed() -> Results {
    let table_2 = Grid::table_2();
    let (prompts, optimizers) = (table_2.prompts[..2].to_vec(), table_2.optimizers[..2].to_vec());
    let results = Grid { prompts, optimizers, steps: 20, frames: vec![10, 20], ..Grid::table_2() }.write();
    results.judge();
    let folder = ResultsFolder::at(results.path());
    for mut record in folder.cells(&folder.plan().unwrap()).unwrap() {
        let cell = folder.cell(&record.id);
        let mut evaluation = cell.evaluation().unwrap().unwrap();
        let [image, mask] = [cell.final_image(), cell.mask()].map(|path| fs::read(path).unwrap());
        evaluation.files = judged_files(&image, Some(&mask), None);
        cell.write_evaluation(&evaluation).unwrap();
        record.files = cell.digests().unwrap();
        cell.write_record(&record).unwrap();
    }
    results
}

/// All regular files below `folder`, in order.
fn below(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { files.extend(below(&path)) } else { files.push(path) }
    }
    files.sort();
    files
}

/// Xorshift: the same damages on every machine.
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as usize % limit
    }
}

#[test]
fn no_damage_changes_a_table_in_silence() {
    let results = sealed();
    let said_before = said(&results);
    let before =
        below(&results.path().join("tables")).into_iter().map(|path| (fs::read(&path).unwrap(), path));
    let before: Vec<_> = before.collect();
    let mut files = below(&results.path().join("cells"));
    files.push(results.path().join("plan.toml"));
    let mut dice = Dice(88_172_645_463_325_252);
    let mut named = 0;
    for round in 0..300 {
        let path = &files[dice.below(files.len())];
        let bytes = fs::read(path).unwrap();
        let harm = ["flip", "cut", "empty", "remove", "replace"][dice.below(5)];
        match harm {
            "flip" => {
                let mut flipped = bytes.clone();
                flipped[dice.below(bytes.len())] ^= 1 << dice.below(8);
                fs::write(path, flipped).unwrap();
            }
            "cut" => fs::write(path, &bytes[..dice.below(bytes.len())]).unwrap(),
            "empty" => fs::write(path, b"").unwrap(),
            "remove" if path.ends_with("evaluation.toml") => {} // as if it had not been judged yet
            "remove" => fs::remove_file(path).unwrap(),
            _ => fs::write(path, fs::read(&files[dice.below(files.len())]).unwrap()).unwrap(),
        }
        if fs::read(path).ok().as_ref() != Some(&bytes) {
            let context = format!("round {round}: {harm} {}", path.display());
            match Study::read(results.path()) {
                Err(error) => assert!(path.ends_with("plan.toml"), "{context}: {error}"),
                Ok(study) if study.unreadable.is_empty() => {
                    assert_eq!(said(&results), said_before, "{context}");
                    for (table, path) in &before {
                        assert!(fs::read(path).unwrap() == *table, "{context}: {}", path.display());
                    }
                }
                Ok(study) => {
                    let cell = path.strip_prefix(results.path().join("cells")).unwrap();
                    assert_eq!(study.unreadable.len(), 1, "{context}");
                    assert!(cell.starts_with(&study.unreadable[0].name), "{context}: {:?}", study.unreadable);
                    named += 1;
                }
            }
        }
        fs::write(path, bytes).unwrap();
    }
    assert!(200 < named, "{named}");
}
