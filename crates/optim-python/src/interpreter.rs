use std::ffi::OsString;
use std::path::Path;
use std::time::Duration;

/// The Python that runs optimizers, and what it may use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Interpreter {
    /// The program.
    pub program: OsString,
    /// How long the process may be silent, but while it imports packages.
    pub limit: Duration,
    /// Bytes that it may use beside torch's own.
    pub memory: u64,
}

impl Default for Interpreter {
    fn default() -> Self {
        Self { program: "python3".into(), limit: Duration::from_secs(300), memory: 8 << 30 }
    }
}

impl Interpreter {
    /// The interpreter `program`, within the usual limits.
    pub fn new(program: impl Into<OsString>) -> Self {
        Self { program: program.into(), ..Self::default() }
    }

    pub(crate) fn shown(&self) -> String {
        printable::path(Path::new(&self.program))
    }
}
