//! The kinds of machines that cells were computed on.

use std::collections::{BTreeMap, BTreeSet};

use records::{Machine, counted};

use crate::study::{Cell, Study};

/// The kinds of machines of the cells that have ended, with the number of cells of each; a cell
/// that went on elsewhere counts for every kind. Empty where older versions computed them all.
pub(crate) fn kinds(study: &Study) -> BTreeMap<String, usize> {
    let mut kinds = BTreeMap::new();
    for kind in ended(study).flat_map(kinds_of) {
        *kinds.entry(kind).or_default() += 1;
    }
    kinds
}

/// A warning if cells that are compared, those of one prompt and seed, come from several kinds of
/// machines.
pub(super) fn warning(study: &Study) -> Option<String> {
    let mut compared: BTreeMap<(usize, u64), BTreeSet<String>> = BTreeMap::new();
    for cell in ended(study) {
        compared.entry((cell.row, cell.record.seed)).or_default().extend(kinds_of(cell));
    }
    let mixed = compared.values().filter(|kinds| 1 < kinds.len()).count();
    if mixed == 0 {
        return None;
    }
    let kinds = kinds(study);
    let listed = kinds.iter().map(|(kind, cells)| format!("{kind} ({})", counted(*cells, "cell")));
    Some(format!(
        "Warning: the compared cells come from {} kinds of machines: {}. Machines round differently and every step \
         magnifies it, so a difference between optimizers may be one between machines: for {}.",
        kinds.len(),
        listed.collect::<Vec<_>>().join("; "),
        match (mixed, compared.len()) {
            (mixed, all) if mixed == all => "every prompt and seed".to_owned(),
            (mixed, all) => format!("{mixed} of {all} pairs of a prompt and a seed"),
        }
    ))
}

fn ended(study: &Study) -> impl Iterator<Item = &Cell> {
    study.cells.iter().filter(|cell| cell.record.status.is_final())
}

fn kinds_of(cell: &Cell) -> BTreeSet<String> {
    cell.record.machines.iter().map(Machine::kind).collect()
}
