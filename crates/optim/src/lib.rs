//! The optimizers under study: update rules that take parameters and gradients to new parameters.
//!
//! One page for each, with its equations, symbols, settings, defaults and source. Read [`adam`]
//! first; the others have its shape. Where PyTorch has an optimizer this is PyTorch's, to the last
//! digit that float32 allows.
//!
//! | name | steps by | default lr |
//! | --- | --- | --- |
//! | [`sgd`] | the gradient, or a velocity that gathers it | 1e-3 |
//! | [`adam`] | mean gradient over root mean square gradient | 1e-3 |
//! | [`adamw`] | as Adam, weight decay apart | 1e-3 |
//! | [`rmsprop`] | gradient over root mean square gradient | 1e-2 |
//! | [`adagrad`] | gradient over the root of the sum of all its squares | 1e-2 |
//! | [`adadelta`] | gradient times the ratio of mean step to mean gradient | 1 |
//! | [`nadam`] | as Adam, looking ahead | 2e-3 |
//! | [`radam`] | as Adam, once its second moment can be trusted | 1e-3 |
//! | [`adamax`] | mean gradient over largest gradient | 2e-3 |
//! | [`rprop`] | sign of the gradient, a step size for every entry | 1e-2 |
//! | [`asgd`] | the gradient; offers the average of its path | 1e-2 |
//! | [`lion`] | sign of a momentum | 1e-4 |
//! | [`adabelief`] | mean gradient over its standard deviation | 1e-3 |
//! | [`adan`] | as Adam, looking ahead by gradient differences | 1e-3 |
//! | [`prodigy`] | as Adam, with a learning rate it finds | 1 |
//! | [`schedule-free-adamw`](schedule_free_adamw) | as AdamW; offers the average of its path | 2.5e-3 |
//! | [`muon`] | momentum made orthogonal | 1e-3 |
//!
//! Any of them takes a [`schedule`]. [`setting`] lists the ranges that settings are checked
//! against.
//!
//! ```
//! use optim::{Optimizer, OptimizerConfig};
//! use tch::Tensor;
//!
//! let config: OptimizerConfig = toml::from_str("adam = { lr = 0.2, schedule = { warmup = 10, then = 'cosine' } }")?;
//!
//! let mut params = [Tensor::from_slice(&[3.0, -2.0])];
//! let mut optimizer = Optimizer::new(&config, &params);
//! for step in 0..200 {
//!     let grads = [&params[0] * 2.0]; // of the sum of squares
//!     optimizer.step(&mut params, &grads, config.schedule().factor(step, 200));
//! }
//! assert!(optimizer.evaluation_point(&params)[0].abs().max().double_value(&[]) < 1e-2);
//! # Ok::<(), toml::de::Error>(())
//! ```
//!
//! # Adding an optimizer
//!
//! Its file, in the shape of `adam.rs`, a line in `config.rs`, a row in the table above and in
//! `tests/reach.rs`, and cases in `tests/golden/cases.toml` with their reference in `generate.py`;
//! the tests say what was forgotten.
//!
//! # Notation
//!
//! An arrow assigns; products, roots and quotients of tensors are entry by entry; every state
//! starts at zero unless it says otherwise. The settings' names are PyTorch's, its tuples entry by
//! entry.

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
mod preset;
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
pub use ranges::OutOfRange;
pub use restore::RestoreError;
pub use schedule::Schedule;
