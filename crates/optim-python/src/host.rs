use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::child::Child;
use crate::error::PythonError;
use crate::interpreter::Interpreter;
use crate::messages::{FromChild, ToChild};

/// A child process that is started when it is needed, and again when it has ended.
///
/// Optimizers of one thread share it.
#[derive(Debug, Default)]
pub struct Host {
    interpreter: Interpreter,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    child: Option<Child>,
    last_id: u64,
    /// The ids above it are known to the child.
    started_at: u64,
}

impl Host {
    /// A host that has not started its process yet.
    pub fn new(interpreter: Interpreter) -> Self {
        Self { interpreter, state: Mutex::default() }
    }

    /// The interpreter.
    pub fn interpreter(&self) -> &Interpreter {
        &self.interpreter
    }

    /// An id for an optimizer that is about to be made.
    pub(crate) fn new_id(&self) -> Result<u64, PythonError> {
        let mut state = self.state();
        if !state.child.as_mut().is_some_and(Child::is_alive) {
            state.child = Some(Child::start(&self.interpreter)?);
            state.started_at = state.last_id;
        }
        state.last_id += 1;
        Ok(state.last_id)
    }

    /// Asks the process about the optimizer `id`. After an error of one that is at work the process
    /// is stopped: nobody knows what state its optimizers are in.
    pub(crate) fn ask(
        &self,
        id: u64,
        message: &ToChild<'_>,
        numbers: &[&[u8]],
        doing: &str,
    ) -> Result<(FromChild, Vec<u8>), PythonError> {
        let mut state = self.state();
        if id <= state.started_at {
            return Err(PythonError::Stopped);
        }
        let child = state.child.as_mut().ok_or(PythonError::Stopped)?;
        let answer = child.ask(message, numbers, doing);
        // An exception while one is made leaves the others as they were.
        let is_of_one = matches!(answer, Err(PythonError::Raised { .. }));
        if answer.is_err() && !(is_of_one && matches!(message, ToChild::Begin { .. })) {
            state.child = None;
        }
        answer.map_err(|error| self.explained(error))
    }

    /// Stops the process, if `id` is known to it.
    pub(crate) fn stop(&self, id: u64) {
        let mut state = self.state();
        if id > state.started_at {
            state.child = None;
        }
    }

    fn explained(&self, error: PythonError) -> PythonError {
        match error {
            PythonError::Raised { raised, .. } if raised.no_torch => {
                PythonError::NoTorch { program: self.interpreter.shown(), reason: raised.to_string() }
            }
            error => error,
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner) // a panic leaves no half exchange
    }
}
