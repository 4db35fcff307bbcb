//! Slurm: job scripts, the commands that hand them over, and the record of what was handed over.
//!
//! Slurm hands out work; an element of an array is a shard. Nothing here decides what is computed,
//! and nothing rests on what Slurm remembers: records alone say what is left.
mod commands;
mod indices;
mod script;
mod submitted;
mod time;

pub(crate) use commands::{Call, active_jobs, cancel, max_array_size, node_kinds, run};
pub(crate) use indices::indices;
pub(crate) use script::{KILLED, Script, Work};
pub(crate) use submitted::{FOLDER, LOGS, Submitted};
pub use time::TimeLimit;
