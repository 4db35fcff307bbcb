//! Optimizers written in Python: any `torch.optim.Optimizer` by its name or from a file, and
//! gradient-free ones that are asked for candidates and told their losses.
//!
//! A [`Host`] owns a child process, which is started when the first optimizer takes a step and
//! serves all of its thread's. Parent and child speak in frames over the child's standard input
//! and output, which its user code never sees: what that prints goes to the log. The child has
//! copies of the parameters and drives a step; while it does, it may ask the parent for loss and
//! gradient at other parameters, or for the losses of a batch of candidates.
//!
//! `driver/` is the other side, in Python. Where to read on: `optimizer` for a step, `messages` for
//! the protocol, `child` for what may go wrong with a process.

mod any;
mod check;
mod child;
mod error;
mod host;
mod interpreter;
mod messages;
mod optimizer;
mod settings;
mod source;

pub use any::AnyOptimizer;
pub use check::{Checked, check};
pub use error::{PythonError, Raised, Unknown};
pub use host::Host;
pub use interpreter::Interpreter;
pub use optimizer::{Known, Objective, PythonOptimizer, Stepped};
pub use settings::PythonSettings;
pub use source::{BadSource, PythonSource};
