//! Runs the cells of a plan: a worker per device (or several on the CPU) takes packs from one queue.
mod drain;
mod failure;
mod fault;
mod lock;
mod pack;
mod pass;
mod pictures;
mod placement;
mod prepare;
mod progress;
mod queue;
mod repair;
mod save;
mod schedule;
mod snapshot;
mod stop;
mod worker;
mod writer;

pub(crate) use failure::chain;
pub use lock::{FolderLock, LockError, ReportLock};
pub use pass::Pass;
pub use pictures::{eight_bits, png};
pub use prepare::{ChangedError, Prepared, prepare};
pub use progress::Progress;
pub use schedule::{Assignment, Schedule, ScheduleError, Tally};
pub use stop::Stop;
