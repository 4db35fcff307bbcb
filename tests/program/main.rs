//! The program from outside: what it is told, what it says, what it leaves behind.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod cluster;
mod damage;
mod end_to_end;
mod evaluation;
mod identity;
mod in_python;
mod messages;
mod preflight;
mod published;
mod resumption;
mod rounding;
mod setting;
mod submission;
mod terminal;
mod tuning;
mod weights;
mod workers;
