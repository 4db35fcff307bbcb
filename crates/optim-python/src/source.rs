use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use thiserror::Error;

/// Where a class comes from: a package that is installed, or a file.
#[derive(Clone, Debug, PartialEq)]
pub enum PythonSource {
    /// `package.module.Class`.
    Name(String),
    /// `path/to/file.py:Class`.
    File {
        /// The file: in an experiment a path from its folder.
        path: PathBuf,
        /// The class, or a function that returns an optimizer.
        class: String,
    },
}

/// A text that names no class.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error(
    "`{0}` names no class: write \"package.Class\", such as \"torch.optim.Adam\", or \"path/to/file.py:Class\""
)]
pub struct BadSource(String);

impl FromStr for PythonSource {
    type Err = BadSource;

    fn from_str(text: &str) -> Result<Self, BadSource> {
        let bad = || BadSource(text.to_owned());
        if let Some((path, class)) = text.rsplit_once(':') {
            let named = path.ends_with(".py") && path.len() > 3 && is_identifier(class);
            let file = || Self::File { path: path.into(), class: class.to_owned() };
            return named.then(file).ok_or_else(bad);
        }
        let dotted = text.contains('.') && text.split('.').all(is_identifier) && !text.ends_with(".py");
        dotted.then(|| Self::Name(text.to_owned())).ok_or_else(bad)
    }
}

fn is_identifier(text: &str) -> bool {
    let mut letters = text.chars();
    letters.next().is_some_and(|first| first.is_alphabetic() || first == '_')
        && letters.all(|other| other.is_alphanumeric() || other == '_')
}

impl PythonSource {
    /// The class as people are told it: of a file's folder nothing.
    pub fn short(&self) -> String {
        match self {
            Self::Name(name) => name.clone(),
            Self::File { path, class } => {
                let name = path.file_name().unwrap_or_default();
                format!("{}:{class}", name.to_string_lossy())
            }
        }
    }
}

impl fmt::Display for PythonSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => f.write_str(name),
            Self::File { path, class } => write!(f, "{}:{class}", path.display()),
        }
    }
}

impl Serialize for PythonSource {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for PythonSource {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sources_are_packages_or_files_and_nothing_else() {
        let file = PythonSource::File { path: "my/file.py".into(), class: "Mine".to_owned() };
        assert_eq!("my/file.py:Mine".parse(), Ok(file));
        assert_eq!("torch.optim.Adam".parse(), Ok(PythonSource::Name("torch.optim.Adam".to_owned())));
        for bad in [
            "",
            "Adam",
            "file.py",
            "file.py:",
            "file.txt:A",
            ".py:A",
            "a..B",
            "a.B()",
            "file.py:A.b",
            "a b.C",
        ] {
            assert!(bad.parse::<PythonSource>().is_err(), "{bad}");
        }
    }

    #[test]
    fn a_source_is_written_as_it_was_read() {
        for text in ["torch.optim.Adam", "a/b.py:C", "C:/a.py:D"] {
            assert_eq!(text.parse::<PythonSource>().unwrap().to_string(), text);
        }
    }
}
