//! Differences in how two runs were made.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::study::{Cell, Study};

/// Something that differs.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Difference {
    /// Key, such as `dream.cutouts`.
    pub name: String,
    /// The left one's value; `None` where it is not set.
    pub left: Option<String>,
    /// The right one's value; `None` where it is not set.
    pub right: Option<String>,
    /// The cells for which it differs so; none where it is no matter of cells.
    pub cells: Vec<String>,
}

type Values = BTreeMap<String, String>;

/// Versions, devices and models that differ.
pub(super) fn of_environments(left: &Study, right: &Study) -> Vec<Difference> {
    differences(&environment(left), &environment(right))
}

/// Settings of the same cells that differ, each with the cells for which they differ alike.
pub(super) fn of_settings(pairs: &[(&Cell, &Cell)]) -> Vec<Difference> {
    let mut found: Vec<Difference> = Vec::new();
    for (left, right) in pairs {
        for difference in differences(&settings(left), &settings(right)) {
            let alike = |known: &&mut Difference| {
                (&known.name, &known.left, &known.right)
                    == (&difference.name, &difference.left, &difference.right)
            };
            let cell = left.record.id.clone();
            match found.iter_mut().find(alike) {
                Some(known) => known.cells.push(cell),
                None => found.push(Difference { cells: vec![cell], ..difference }),
            }
        }
    }
    found
}

fn differences(left: &Values, right: &Values) -> Vec<Difference> {
    let mut names: Vec<&String> = left.keys().chain(right.keys()).collect();
    names.sort();
    names.dedup();
    let difference = |name: &String| Difference {
        name: name.clone(),
        left: left.get(name).cloned(),
        right: right.get(name).cloned(),
        cells: Vec::new(),
    };
    names.into_iter().map(difference).filter(|difference| difference.left != difference.right).collect()
}

fn settings(cell: &Cell) -> Values {
    let mut values = cell.settings();
    values.insert("class name".to_owned(), cell.record.class_name.clone());
    values
}

fn environment(study: &Study) -> Values {
    let mut values = Values::from([
        ("template".to_owned(), study.template.clone()),
        ("model set".to_owned(), study.model_set.clone()),
    ]);
    if let Some(environment) = &study.environment {
        values.insert("dreambench".to_owned(), environment.dreambench.clone());
        values.insert("libtorch".to_owned(), environment.libtorch.clone());
        values.extend(environment.python.iter().map(|(package, version)| (package.clone(), version.clone())));
        values.insert("platform".to_owned(), environment.platform.clone());
        values.insert("devices".to_owned(), environment.devices.join(", "));
        values.extend(environment.git_revision.clone().map(|revision| ("revision".to_owned(), revision)));
        let files = environment.model_files.iter();
        values.extend(files.map(|(name, file)| (format!("SHA-256 of {name}"), file.sha256.clone())));
    }
    values
}
