//! The optimizers under study: update rules that take parameters and gradients to new parameters.
//!
//! Read [`adam`] first; the others have its shape.

pub mod adam;
mod config;
mod ops;
mod optimizer;
mod restore;
mod rule;
pub mod schedule;
pub mod setting;
pub mod sgd;

pub use config::OptimizerConfig;
pub use optimizer::Optimizer;
pub use restore::RestoreError;
pub use schedule::Schedule;
pub use setting::OutOfRange;
