//! Runs optimizer-comparison experiments on BigSleep: experiment → plan → schedule → records → report.
//!
//! A library only so that the program's parts can be tested; the program is `main.rs`.
pub mod cli;
pub mod commands;
pub mod devices;
pub mod estimate;
mod logs;
pub mod output;
pub mod run;
