//! The optimizers under study: update rules that take parameters and gradients to new parameters.
//!
//! Read [`adam`] first; the others have its shape.

pub mod adabelief;
pub mod adadelta;
pub mod adagrad;
pub mod adam;
pub mod adamax;
pub mod adamw;
pub mod adan;
pub mod asgd;
mod config;
mod declare;
pub mod lion;
pub mod muon;
pub mod nadam;
mod ops;
mod optimizer;
pub mod prodigy;
pub mod radam;
mod restore;
pub mod rmsprop;
pub mod rprop;
mod rule;
pub mod schedule;
pub mod schedule_free_adamw;
pub mod setting;
pub mod sgd;

pub use config::OptimizerConfig;
pub use optimizer::Optimizer;
pub use restore::RestoreError;
pub use schedule::Schedule;
pub use setting::OutOfRange;
