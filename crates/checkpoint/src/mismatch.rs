use std::{fmt, path::PathBuf};

use thiserror::Error;

/// Every way in which a file's tensors differ from those that a model took, each list sorted by
/// name.
#[derive(Debug, Error)]
#[non_exhaustive]
pub struct WeightMismatch {
    /// The file, or whatever else the tensors came from.
    pub path: PathBuf,
    /// Number of tensors that fit the model.
    pub fitting: usize,
    /// Tensors that the model needs and the file lacks.
    pub missing: Vec<String>,
    /// Tensors that the file holds and the model did not take.
    pub unexpected: Vec<String>,
    /// Tensors of another shape than the model's.
    pub misshaped: Vec<Misshaped>,
}

/// A tensor whose shape is not the model's.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Misshaped {
    /// The tensor.
    pub name: String,
    /// The model's shape.
    pub expected: Vec<i64>,
    /// The file's shape.
    pub found: Vec<i64>,
}

/// Number of names of each list that a message shows.
const SHOWN: usize = 6;

/// Names less alike than this are not taken for each other (1 is equal, 0 is nothing in common).
const ALIKE: f64 = 0.7;

impl fmt::Display for WeightMismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` does not fit the model: {}", printable::path(&self.path), self.remedy())?;
        list(f, "missing", &self.missing, |name| match self.nearest(name) {
            Some(other) => format!("{name} (renamed? the file has {other})"),
            None => name.clone(),
        })?;
        list(f, "unexpected", &self.unexpected, String::clone)?;
        list(f, "misshaped", &self.misshaped, |Misshaped { name, expected, found }| {
            format!("{name} is {found:?}, expected {expected:?}")
        })
    }
}

impl WeightMismatch {
    fn remedy(&self) -> String {
        if let Some(prefix) = self.common_prefix() {
            format!("its names begin with `{prefix}`; save the inner state dict alone")
        } else if self.fitting == 0 {
            "is it another model's file?".to_owned()
        } else if self.missing.is_empty() && self.misshaped.is_empty() {
            "it has tensors that the model does not know; is it a larger model's file?".to_owned()
        } else if self.missing.is_empty() {
            "is it the file of a model of another size?".to_owned()
        } else {
            "use the file of exactly this model, or rename its tensors".to_owned()
        }
    }

    /// Prefix of every missing name, as in files of wrapped models: `module.`, `state_dict.`
    fn common_prefix(&self) -> Option<&str> {
        let first = self.missing.first()?;
        let mut prefixes = self.unexpected.iter().filter_map(|name| name.strip_suffix(first.as_str()));
        prefixes.find(|prefix| {
            let has = |name: &String| self.unexpected.binary_search(&format!("{prefix}{name}")).is_ok();
            prefix.ends_with('.') && self.missing.iter().all(has)
        })
    }

    /// The name that may have been given to a missing tensor; in another model's file likeness
    /// means nothing.
    fn nearest(&self, missing: &str) -> Option<&str> {
        if self.fitting == 0 {
            return None;
        }
        let alike = self.unexpected.iter().map(|name| (strsim::normalized_levenshtein(missing, name), name));
        let nearest = alike.max_by(|a, b| a.0.total_cmp(&b.0));
        nearest.filter(|(likeness, _)| *likeness >= ALIKE).map(|(_, name)| name.as_str())
    }
}

fn list<T>(f: &mut fmt::Formatter<'_>, title: &str, all: &[T], line: impl Fn(&T) -> String) -> fmt::Result {
    if all.is_empty() {
        return Ok(());
    }
    write!(f, "\n  {title} ({}):", all.len())?;
    for one in all.iter().take(SHOWN) {
        write!(f, "\n    {}", line(one))?;
    }
    match all.len().saturating_sub(SHOWN) {
        0 => Ok(()),
        more => write!(f, "\n    … and {more} more"),
    }
}
