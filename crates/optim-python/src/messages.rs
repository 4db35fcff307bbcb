//! The protocol: frames of a JSON header and numbers, each side's in turn.
//!
//! A frame is the header's length (u32), the numbers' length in bytes (u64), the header and the
//! numbers; all little-endian, numbers as float32 unless said otherwise.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::error::Raised;

/// Bytes of the two lengths before a frame.
pub(crate) const LENGTHS: usize = 12;
/// The largest header, in bytes.
pub(crate) const LARGEST_HEADER: usize = 16 << 20;
/// The largest block of numbers, in bytes.
pub(crate) const LARGEST_PAYLOAD: u64 = 16 << 30;

/// Messages to the child.
#[derive(Debug, Serialize)]
#[serde(tag = "do", rename_all = "kebab-case")]
pub(crate) enum ToChild<'m> {
    /// Make an optimizer. Numbers: the parameters, then its state as bytes.
    Begin {
        id: u64,
        class: &'m str,
        /// Name and text of its file, if it comes from one.
        file: Option<(&'m str, &'m str)>,
        args: &'m toml::Table,
        shapes: &'m [Vec<i64>],
        seed: u64,
        /// True if a learning-rate schedule will act on it.
        scheduled: bool,
    },
    /// Take a step. Numbers: the loss, then its gradient unless it asks for none.
    Step { id: u64, step: u64, lr_factor: f64 },
    /// Loss and gradient where the child asked for them. Numbers: both.
    Gradient,
    /// Losses of the candidates that the child has. Numbers: them.
    Losses,
    /// Give the state.
    State { id: u64 },
    /// Forget an optimizer.
    End { id: u64 },
}

/// Messages from the child.
#[derive(Debug, Deserialize)]
#[serde(tag = "is", rename_all = "kebab-case")]
pub(crate) enum FromChild {
    /// The optimizer is made; `asks` if it is one that asks for losses of candidates.
    Ready { asks: bool, versions: BTreeMap<String, String> },
    /// Give loss and gradient at these parameters. Numbers: them.
    Gradient,
    /// Give the losses of so many candidates. Numbers: each one's parameters.
    Losses { count: usize },
    /// The step is taken. Numbers: the parameters, then those to evaluate at if `average`.
    Done { average: bool },
    /// The state, as bytes.
    State,
    /// The optimizer is forgotten.
    Ended,
    /// An exception.
    Raised(Box<Raised>),
}
