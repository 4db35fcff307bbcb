use std::collections::BTreeMap;
use std::env::consts::{ARCH, OS};
use std::process::Command;

use judges::Judges;
use model_sets::Identity;
use records::Environment;
use tch::Device;

use crate::devices::name;
use crate::run::LIBTORCH;

/// The environment record of a run.
pub(super) fn of(
    models: &Identity,
    judges: &Judges,
    devices: &[Device],
    python: &BTreeMap<String, String>,
) -> Environment {
    let files = models.files.iter().chain(judges.files());
    Environment {
        dreambench: env!("CARGO_PKG_VERSION").to_owned(),
        git_revision: git_revision(),
        libtorch: LIBTORCH.to_owned(),
        platform: format!("{OS} {ARCH}"),
        devices: devices.iter().map(|&device| name(device)).collect(),
        model_set: models.name.clone(),
        model_files: files.map(|(name, file)| (name.clone(), file.clone())).collect(),
        python: python.clone(),
    }
}

/// The revision of the working tree that the program was started in.
fn git_revision() -> Option<String> {
    let revision = git(&["rev-parse", "HEAD"])?;
    let changes = git(&["status", "--porcelain", "--untracked-files=no"])?;
    Some(if changes.is_empty() { revision } else { format!("{revision}-dirty") })
}

fn git(arguments: &[&str]) -> Option<String> {
    let output = Command::new("git").args(arguments).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}
