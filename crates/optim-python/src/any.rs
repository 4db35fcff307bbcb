use optim::{OptimizerConfig, Schedule};
use serde::ser::SerializeMap as _;
use serde::{Serialize, Serializer};
use serde_json::{Value, json};

use crate::{PythonSettings, PythonSource};

/// An optimizer of this project or one in Python, with its settings.
#[derive(Clone, Debug, PartialEq)]
pub enum AnyOptimizer {
    /// One of [`optim`]'s.
    BuiltIn(OptimizerConfig),
    /// One in Python.
    Python {
        /// The name that an experiment gives it.
        name: String,
        /// Its settings.
        settings: PythonSettings,
    },
}

impl AnyOptimizer {
    /// The name that an experiment calls it by.
    pub fn name(&self) -> &str {
        match self {
            Self::BuiltIn(config) => config.name(),
            Self::Python { name, .. } => name,
        }
    }

    /// The learning-rate schedule.
    pub fn schedule(&self) -> &Schedule {
        match self {
            Self::BuiltIn(config) => config.schedule(),
            Self::Python { settings, .. } => &settings.schedule,
        }
    }

    /// The settings of one in Python.
    pub fn python(&self) -> Option<&PythonSettings> {
        match self {
            Self::BuiltIn(_) => None,
            Self::Python { settings, .. } => Some(settings),
        }
    }

    /// All that decides the steps it takes: not what one in Python is called, nor where its file
    /// lies.
    ///
    /// # Errors
    /// Never for settings that were read from TOML.
    pub fn content(&self) -> serde_json::Result<Value> {
        match self {
            Self::BuiltIn(config) => {
                let mut content = serde_json::to_value(config)?;
                // Its schedule had another meaning once: records of that time are not of this rule.
                if matches!(config, OptimizerConfig::Rprop(_)) && *config.schedule() != Schedule::default() {
                    content["rprop"]["schedule"]["acts-on"] = "first-step".into();
                }
                Ok(content)
            }
            Self::Python { settings, .. } => {
                let class = match &settings.python {
                    PythonSource::Name(name) => name,
                    PythonSource::File { class, .. } => class,
                };
                let PythonSettings { args, schedule, sha256, .. } = settings;
                Ok(
                    json!({ "python": { "class": class, "file": sha256, "args": args, "schedule": schedule } }),
                )
            }
        }
    }
}

impl From<OptimizerConfig> for AnyOptimizer {
    fn from(config: OptimizerConfig) -> Self {
        Self::BuiltIn(config)
    }
}

/// As an experiment writes it: `{ adam = { … } }`.
impl Serialize for AnyOptimizer {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::BuiltIn(config) => config.serialize(serializer),
            Self::Python { name, settings } => {
                let mut map = serializer.serialize_map(Some(1))?;
                map.serialize_entry(name, settings)?;
                map.end()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn content(toml: &str) -> Value {
        AnyOptimizer::from(toml::from_str::<OptimizerConfig>(toml).unwrap()).content().unwrap()
    }

    /// Digests of before stay those of now.
    #[test]
    fn a_built_in_optimizer_is_its_settings_but_for_a_schedule_of_rprop() {
        for toml in ["adam = { schedule = { warmup = 3 } }", "rprop = {}"] {
            let config: OptimizerConfig = toml::from_str(toml).unwrap();
            assert_eq!(content(toml), serde_json::to_value(config).unwrap());
        }
        let scheduled = content("rprop = { schedule = { warmup = 3 } }");
        assert_eq!(scheduled["rprop"]["schedule"]["acts-on"], "first-step");
    }

    #[test]
    fn an_optimizer_in_python_is_its_class_arguments_and_file_and_not_its_name() {
        let settings: PythonSettings = toml::from_str("python = 'a/b.py:C'\nargs = { lr = 1 }").unwrap();
        let content = |name: &str, path: &str, sha256: &str| {
            let python = PythonSource::File { path: path.into(), class: "C".to_owned() };
            let settings = PythonSettings { python, sha256: Some(sha256.to_owned()), ..settings.clone() };
            AnyOptimizer::Python { name: name.to_owned(), settings }.content().unwrap()
        };
        assert_eq!(content("x", "a/b.py", "1"), content("y", "inputs/b.py", "1"));
        assert_ne!(content("x", "a/b.py", "1"), content("x", "a/b.py", "2"));
    }
}
