//! Experiments: read and planned, or refused with a place that can be shown.
#![no_main]

use libfuzzer_sys::fuzz_target;

use experiment::Experiment;

#[path = "shared/planned.rs"]
mod planned;
#[path = "shared/shown.rs"]
mod shown;

fuzz_target!(|text: &str| {
    match Experiment::parse("experiment.toml", text) {
        Ok(experiment) => planned::hold(&experiment),
        Err(error) => shown::show(&*error),
    }
});
