//! An experiment on its way to Slurm: what is left of it, as jobs of which each follows the one
//! before.
mod jobs;
mod left;

pub(crate) use jobs::{Job, Role, jobs};
pub(crate) use left::{Left, shard_of};
