//! Runs optimizer-comparison experiments on BigSleep: experiment → plan → schedule → records → report.
//!
//! A library only so that the program's parts can be tested; the program is `main.rs`.
pub mod cli;
pub mod commands;
pub mod devices;
pub mod estimate;
pub mod evaluation;
pub mod experiment;
mod logs;
pub mod model_sets;
pub mod output;
pub mod plan;
pub mod records;
pub mod report;
pub mod run;
