//! Processes that are no Python, or not one that keeps to the protocol: none of it needs torch.
#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;

use optim_python::{Host, Interpreter, PythonOptimizer, PythonSettings, check};
use tch::{Device, Kind, Tensor};
use tempfile::TempDir;

fn settings() -> PythonSettings {
    toml::from_str("python = 'torch.optim.SGD'").unwrap()
}

/// The error of an optimizer whose interpreter is this shell script.
fn error(script: &str) -> String {
    let folder = TempDir::new().unwrap();
    let program = folder.path().join("python");
    fs::write(&program, format!("#!/bin/sh\n{script}\n")).unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    let error = begin(&program);
    error.replace(&folder.path().display().to_string(), "…")
}

fn begin(program: &Path) -> String {
    let host = Arc::new(Host::new(Interpreter::new(program)));
    let params = [Tensor::zeros([2, 3], (Kind::Float, Device::Cpu))];
    PythonOptimizer::new(&settings(), 0, &host).begin(&params).unwrap_err().to_string()
}

#[test]
fn a_program_that_is_not_there_is_named_with_the_remedy() {
    let error = begin(Path::new("no/such/python"));
    assert!(error.starts_with("`no/such/python` cannot be started: name the Python"), "{error}");
}

#[test]
fn a_process_that_ends_is_told_with_its_code_and_last_words() {
    let said = error("echo first >&2; echo 'no such option: -u' >&2; exit 9");
    let expected =
        "making `torch.optim.SGD`: the Python process ended (exit status: 9); it said: no such option: -u";
    assert_eq!(said, expected);
    assert!(error("kill -9 $$").contains("signal: 9 (SIGKILL)"));
}

#[test]
fn what_is_no_frame_is_told_as_such() {
    let says = |bytes: &str| error(&format!("printf '{bytes}'; cat >/dev/null"));
    for bytes in [
        r"Python 2.7 (default), and more", // a length far too large
        r"\002\000\000\000\000\000\000\000\000\000\000\000no", // a header that is not JSON
        r"\002\000\000\000\000\000\000\000\000\000\000\000{}", // one that says nothing
        r"\016\000\000\000\000\000\000\000\000\000\000\000{\042is\042:\042state\042}", // no answer
    ] {
        let said = says(bytes);
        assert!(said.contains("does not keep to the protocol"), "{bytes}: {said}");
    }
}

#[test]
fn without_a_python_one_fault_stands_for_all() {
    let settings = settings();
    let checked = check(&Interpreter::new("no/such/python"), &[&settings, &settings], &[[2, 3]]);
    assert_eq!(checked.faults.len(), 1);
    assert!(checked.versions.is_empty());
}
