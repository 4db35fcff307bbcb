//! The Python of the tests: one that has torch and `pytorch_optimizer`.

use std::env;
use std::ffi::OsString;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::OnceLock;

/// The interpreter to test with: `DREAMBENCH_PYTHON`, the one that `tests/python/setup` made, or
/// `python3`. Where none has what it takes, `what` is left out, and that is said; where
/// `DREAMBENCH_PYTHON_CHECK` is set, there must be one.
pub(crate) fn python(what: &str) -> Option<OsString> {
    static FOUND: OnceLock<Option<OsString>> = OnceLock::new();
    let found = FOUND.get_or_init(|| candidates().into_iter().find(has_what_it_takes));
    if found.is_none() {
        let required = env::var_os("DREAMBENCH_PYTHON_CHECK").is_some();
        assert!(!required, "no Python has torch and pytorch_optimizer: see tests/python/setup");
        // Past the test harness, which shows nothing of a test that passes.
        let _ = writeln!(
            std::io::stderr(),
            "\nNOT CHECKED: {what} (tests/python/setup installs what it takes)\n"
        );
    }
    found.clone()
}

fn candidates() -> Vec<OsString> {
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/python/.venv/bin/python");
    let own = own.is_file().then(|| own.into_os_string());
    env::var_os("DREAMBENCH_PYTHON").into_iter().chain(own).chain([OsString::from("python3")]).collect()
}

fn has_what_it_takes(program: &OsString) -> bool {
    let mut command = Command::new(program);
    command.args(["-c", "import torch, pytorch_optimizer"]).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}
