//! Which cells an experiment leaves out, asked of each cell in constant time.

use std::collections::{BTreeMap, HashMap, HashSet};

use crate::{ByValue, Exclusion, Experiment};

/// The axes of a cell: prompt, optimizer, further settings, seed.
const AXES: usize = 4;

/// The exclusions of an experiment, by the entries of its axes that they name.
pub(super) struct Excluded {
    /// For each exclusion and axis the entries that it covers; `None` is all.
    covered: Vec<[Option<HashSet<usize>>; AXES]>,
    /// For each axis and entry the exclusions that are found by it.
    found_by: [HashMap<usize, Vec<usize>>; AXES],
}

/// The entries of an axis that have a value.
type Entries = HashMap<ByValue, Vec<usize>>;

impl Excluded {
    pub(super) fn of(experiment: &Experiment) -> Self {
        let entries = entries(experiment);
        let mut excluded = Self { covered: Vec::new(), found_by: Default::default() };
        for (index, exclusion) in experiment.exclude.iter().enumerate() {
            let covered = covered(exclusion, &entries);
            // By the axis on which it covers least.
            let sizes = covered.iter().enumerate().filter_map(|(axis, set)| Some((axis, set.as_ref()?)));
            if let Some((axis, set)) = sizes.min_by_key(|(_, set)| set.len()) {
                for &entry in set {
                    excluded.found_by[axis].entry(entry).or_default().push(index);
                }
            }
            excluded.covered.push(covered);
        }
        excluded
    }

    /// Returns true if it covers the cell of these entries of the axes.
    pub(super) fn covers(&self, cell: [usize; AXES]) -> bool {
        let found = (0..AXES).filter_map(|axis| self.found_by[axis].get(&cell[axis])).flatten();
        found.into_iter().any(|&index| {
            let axes = self.covered[index].iter().zip(cell);
            axes.into_iter().all(|(covered, entry)| covered.as_ref().is_none_or(|set| set.contains(&entry)))
        })
    }
}

/// For each key of an exclusion its axis, and where its values are on that.
fn entries(experiment: &Experiment) -> BTreeMap<String, (usize, Entries)> {
    let mut entries: BTreeMap<String, (usize, Entries)> = BTreeMap::new();
    let mut add = |key: &str, axis, value, entry| {
        let (_, of_key) = entries.entry(key.to_owned()).or_insert_with(|| (axis, Entries::new()));
        of_key.entry(value).or_default().push(entry);
    };
    for (index, prompt) in experiment.prompts.iter().enumerate() {
        add("prompt", 0, ByValue::Text(prompt.text.clone()), index);
    }
    for (index, optimizer) in experiment.optimizers.iter().enumerate() {
        add("optimizer", 1, ByValue::of_label(optimizer.settings.name()), index);
        if !optimizer.axes.is_empty() {
            add("optimizer", 1, ByValue::of_label(&optimizer.label()), index);
        }
    }
    for (index, dream) in experiment.dreams.iter().enumerate() {
        for axis in &dream.axes {
            add(&axis.name, 2, ByValue::from(&axis.value), index);
        }
    }
    let seeds = experiment.seeds.of_prompts(experiment.prompts.len());
    for (index, &seed) in seeds.iter().enumerate() {
        add("seed", 3, ByValue::Whole(i128::from(seed)), index);
    }
    entries
}

fn covered(
    exclusion: &Exclusion,
    entries: &BTreeMap<String, (usize, Entries)>,
) -> [Option<HashSet<usize>>; AXES] {
    let mut covered: [Option<HashSet<usize>>; AXES] = Default::default();
    for (key, values) in &exclusion.conditions {
        let Some((axis, of_key)) = entries.get(key) else { continue }; // keys are axes: checked when read
        let found = values.iter().filter_map(|value| of_key.get(value)).flatten().copied();
        let found: HashSet<usize> = match covered[*axis].take() {
            Some(before) => found.filter(|entry| before.contains(entry)).collect(),
            None => found.collect(),
        };
        covered[*axis] = Some(found);
    }
    covered
}
