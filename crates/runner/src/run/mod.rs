//! Runs the cells of a plan: a worker per device (or several on the CPU) takes batches from one
//! queue.
mod batch;
mod cancellation;
mod cell_run;
mod failure;
mod fault;
mod identities;
mod judging;
mod lock;
mod machine;
mod pictures;
mod placement;
mod prepare;
mod progress;
mod queue;
mod repair;
mod save_error;
mod schedule;
mod snapshot;
mod step;
mod worker;
mod worker_loop;
mod writer;

pub use cancellation::CancellationToken;
pub(crate) use failure::chain;
pub use judging::JudgingStage;
pub use lock::{FolderLock, LockError, ReportLock};
pub(crate) use machine::LIBTORCH;
pub use pictures::{eight_bits, png};
pub use prepare::{ChangedError, Prepared, prepare};
pub use progress::Progress;
pub use schedule::{Assignment, Schedule, ScheduleError, StatusCounts};
