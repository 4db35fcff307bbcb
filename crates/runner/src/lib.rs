//! Runs optimizer-comparison experiments on BigSleep: experiment → plan → schedule → records →
//! report.
//!
//! A library only so that the program's parts can be tested; the program is `main.rs`.
pub mod cli;
pub mod commands;
pub mod devices;
mod logs;
pub mod models;
pub mod output;
pub mod preflight;
pub mod run;
pub mod session;
mod signals;
pub mod slurm;
pub mod study;
mod submission;
