//! An experiment's cells: the product of its axes, each with a readable path and a digest of all
//! that decides its result.
mod cell;
mod diff;
mod digest;
mod excluded;
mod expand;
mod select;

pub use cell::Cell;
pub use diff::{Changed, changed_settings};
pub use digest::digest;
pub use expand::{Plan, PlanError};
pub use select::{SelectError, Selection, Shard};
