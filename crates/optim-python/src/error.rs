use std::fmt;
use std::io;

use serde::Deserialize;
use thiserror::Error;

/// An optimizer in Python that cannot be made, or did not take a step.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum PythonError {
    /// There is no such program.
    #[error("`{program}` cannot be started: name the Python to use with --python or DREAMBENCH_PYTHON")]
    NoPython {
        /// The program.
        program: String,
        /// The system's reason.
        source: io::Error,
    },
    /// The interpreter has no PyTorch.
    #[error(
        "`{program}` has no torch ({reason}): install it there (`{program} -m pip install torch`), or name another \
         Python with --python or DREAMBENCH_PYTHON"
    )]
    NoTorch {
        /// The program.
        program: String,
        /// What importing it said.
        reason: String,
    },
    /// Python code raised an exception.
    #[error("{doing}: {raised}")]
    Raised {
        /// When.
        doing: String,
        /// What.
        raised: Box<Raised>,
    },
    /// The process has ended.
    #[error("{doing}: the Python process ended ({how}){said}")]
    Died {
        /// When.
        doing: String,
        /// How.
        how: String,
        /// The last that it printed, if anything.
        said: Said,
    },
    /// The process says nothing.
    #[error("{doing}: nothing was heard from the Python process for {seconds} s; it was stopped")]
    Hung {
        /// When.
        doing: String,
        /// The limit.
        seconds: u64,
    },
    /// The process says what it should not.
    #[error("{doing}: the Python process does not keep to the protocol: {message}")]
    Protocol {
        /// When.
        doing: String,
        /// In what.
        message: String,
    },
    /// The process served others, too, and one of them ended it.
    #[error("the Python process was stopped in the step of another cell")]
    Stopped,
}

/// An exception in Python.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
pub struct Raised {
    /// Its type, text and place, in a line.
    pub message: String,
    /// The frames of the optimizer's code, as Python writes them.
    #[serde(default)]
    pub traceback: String,
    /// A name that is not known.
    #[serde(default)]
    pub unknown: Option<Unknown>,
    /// True if torch itself could not be imported.
    #[serde(default)]
    pub no_torch: bool,
}

/// A name that is not known, and those that are.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct Unknown {
    /// The name.
    pub name: String,
    /// Names of its kind.
    pub known: Vec<String>,
}

/// The last lines that a process printed.
#[derive(Debug)]
pub struct Said(pub(crate) String);

impl fmt::Display for Raised {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&printable::line(&self.message))
    }
}

impl fmt::Display for Said {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() { Ok(()) } else { write!(f, "; it said: {}", printable::line(&self.0)) }
    }
}
