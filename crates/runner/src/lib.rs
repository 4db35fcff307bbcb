//! Runs optimizer-comparison experiments on BigSleep: experiment → plan → schedule → records → report.
//!
//! A library only so that the program's parts can be tested; the program is `main.rs`.
pub mod experiment;
pub mod model_sets;
pub mod plan;
pub mod records;
pub mod report;
