//! Fixtures read by several tests.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use optim::OptimizerConfig;
use tch::{Kind, Tensor};

/// Every optimizer with every option at least once, by the name of its golden case.
pub(crate) fn cases() -> BTreeMap<String, OptimizerConfig> {
    let text = std::fs::read_to_string(golden("cases.toml")).expect("the list of cases is there");
    toml::from_str(&text).expect("cases are configs")
}

/// The settings of an optimizer, as an experiment would write all of them.
pub(crate) fn settings(config: &OptimizerConfig) -> toml::Table {
    let mut tagged = toml::Table::try_from(config).expect("a config is a table");
    match tagged.remove(config.name()) {
        Some(toml::Value::Table(settings)) => settings,
        other => panic!("settings are a table, not {other:?}"),
    }
}

/// A file beside the golden cases.
pub(crate) fn golden(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(file)
}

/// Numbers between -1 and 1, none of them zero and no two alike.
pub(crate) fn waves(shape: &[i64], phase: f64, kind: Kind) -> Tensor {
    let count: i64 = shape.iter().product();
    let waves = (Tensor::arange(count, (Kind::Double, tch::Device::Cpu)) * 0.7 + phase).sin();
    waves.reshape(shape).to_kind(kind)
}
