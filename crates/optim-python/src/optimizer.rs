use std::collections::BTreeMap;
use std::sync::Arc;

use tch::{Device, Kind, Tensor};

use crate::error::PythonError;
use crate::host::Host;
use crate::messages::{FromChild, ToChild};
use crate::settings::PythonSettings;
use crate::source::PythonSource;

/// An optimizer in Python, at work on some parameters.
#[derive(Debug)]
pub struct PythonOptimizer {
    settings: PythonSettings,
    /// Seeds what it draws.
    seed: u64,
    host: Arc<Host>,
    session: Option<Session>,
    /// The state to begin from.
    saved: Option<Tensor>,
}

/// The optimizer as the child process has it.
#[derive(Debug)]
struct Session {
    id: u64,
    asks: bool,
    shapes: Vec<Vec<i64>>,
}

/// Loss, and gradient where one is wanted, at the parameters before a step.
#[derive(Debug)]
pub struct Known<'k> {
    /// The loss.
    pub loss: f32,
    /// Its gradient; of no length for an optimizer that [asks](PythonOptimizer::asks).
    pub gradient: &'k [Tensor],
}

/// Loss and gradient of a step, elsewhere: every evaluation of a step is on the same cutouts.
pub trait Objective {
    /// Why it could not be evaluated.
    type Error: From<PythonError>;

    /// The loss at parameters, and its gradient.
    ///
    /// # Errors
    /// When it cannot be computed; the step ends then.
    fn gradient(&mut self, params: &[Tensor]) -> Result<(f32, Vec<Tensor>), Self::Error>;

    /// The losses of candidates: each parameter has them stacked, `[n, ..]`.
    ///
    /// # Errors
    /// When they cannot be computed; the step ends then.
    fn losses(&mut self, candidates: &[Tensor]) -> Result<Vec<f32>, Self::Error>;
}

/// Result of a step.
#[derive(Debug)]
pub struct Stepped {
    /// The parameters, on the CPU.
    pub params: Vec<Tensor>,
    /// The parameters to evaluate at, where the optimizer keeps others for that.
    pub average: Option<Vec<Tensor>>,
}

impl PythonOptimizer {
    /// Nothing is started before the first step.
    pub fn new(settings: &PythonSettings, seed: u64, host: &Arc<Host>) -> Self {
        Self { settings: settings.clone(), seed, host: Arc::clone(host), session: None, saved: None }
    }

    /// Makes the optimizer in the child process, unless it is there. Returns the versions of what
    /// it is made of, the first time.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn begin(&mut self, params: &[Tensor]) -> Result<BTreeMap<String, String>, PythonError> {
        if self.session.is_some() {
            return Ok(BTreeMap::new());
        }
        let shapes: Vec<Vec<i64>> = params.iter().map(Tensor::size).collect();
        let id = self.host.new_id()?;
        let message = ToChild::Begin {
            id,
            class: self.class(),
            file: self.file(),
            args: &self.settings.args,
            shapes: &shapes,
            seed: self.seed,
            scheduled: self.settings.schedule != optim::Schedule::default(),
        };
        let mut numbers = bytes_of(params);
        numbers.extend(self.saved.iter().map(bytes));
        let doing = format!("making `{}`", self.settings.python.short());
        let parts: Vec<&[u8]> = numbers.iter().map(Vec::as_slice).collect();
        match self.host.ask(id, &message, &parts, &doing)? {
            (FromChild::Ready { asks, versions }, _) => {
                self.session = Some(Session { id, asks, shapes });
                Ok(versions)
            }
            (other, _) => Err(self.unexpected(id, &doing, &other)),
        }
    }

    /// Returns true if it asks for losses of candidates, and needs no gradient. Known once it has
    /// [begun](Self::begin).
    pub fn asks(&self) -> bool {
        self.session.as_ref().is_some_and(|session| session.asks)
    }

    /// Takes the step `step` (the first is 1) from the parameters that it left, or began with.
    ///
    /// # Errors
    /// The objective's, or what went wrong in Python: the optimizer cannot go on then.
    pub fn step<O: Objective>(
        &mut self,
        (step, lr_factor): (u64, f64),
        known: &Known<'_>,
        objective: &mut O,
    ) -> Result<Stepped, O::Error> {
        let Some(Session { id, shapes, .. }) = &self.session else {
            return Err(PythonError::Stopped.into());
        };
        let (id, doing) = (*id, format!("step {step}"));
        let mut numbers = vec![known.loss.to_le_bytes().to_vec()];
        numbers.extend(bytes_of(known.gradient));
        let mut message = ToChild::Step { id, step, lr_factor };
        loop {
            let parts: Vec<&[u8]> = numbers.iter().map(Vec::as_slice).collect();
            let (answer, payload) = self.host.ask(id, &message, &parts, &doing)?;
            let answered = match answer {
                FromChild::Done { average } => {
                    let found = tensors(&payload, shapes, if average { 2 } else { 1 });
                    let mut found = found.map_err(|message| self.broken(id, &doing, message))?;
                    let average = average.then(|| found.split_off(shapes.len()));
                    return Ok(Stepped { params: found, average });
                }
                FromChild::Gradient => {
                    let at =
                        tensors(&payload, shapes, 1).map_err(|message| self.broken(id, &doing, message))?;
                    objective.gradient(&at).map(|(loss, gradient)| {
                        let mut numbers = vec![loss.to_le_bytes().to_vec()];
                        numbers.extend(bytes_of(&gradient));
                        (ToChild::Gradient, numbers)
                    })
                }
                FromChild::Losses { count } => {
                    let at = stacked(&payload, shapes, count)
                        .map_err(|message| self.broken(id, &doing, message))?;
                    let losses = objective.losses(&at);
                    losses.map(|losses| {
                        (ToChild::Losses, losses.iter().map(|loss| loss.to_le_bytes().to_vec()).collect())
                    })
                }
                other => return Err(self.unexpected(id, &doing, &other).into()),
            };
            // The child is in the middle of a step, which nothing can end well.
            (message, numbers) = answered.inspect_err(|_| self.host.stop(id))?;
        }
    }

    /// The state that [`restore`](Self::restore) takes: bytes, none of them before the first step.
    ///
    /// # Errors
    /// When it cannot be had.
    pub fn state(&self) -> Result<Tensor, PythonError> {
        let Some(Session { id, .. }) = self.session else {
            return Ok(self.saved.as_ref().map_or_else(|| Tensor::from_slice::<u8>(&[]), Tensor::copy));
        };
        let doing = "saving its state".to_owned();
        match self.host.ask(id, &ToChild::State { id }, &[], &doing)? {
            (FromChild::State, bytes) => Ok(Tensor::from_slice(&bytes)),
            (other, _) => Err(self.unexpected(id, &doing, &other)),
        }
    }

    /// Begins from a [`state`](Self::state), once it begins.
    pub fn restore(&mut self, state: &Tensor) {
        let state = state.to_device(Device::Cpu);
        self.saved = (state.numel() > 0).then_some(state);
    }

    fn class(&self) -> &str {
        match &self.settings.python {
            PythonSource::Name(name) => name,
            PythonSource::File { class, .. } => class,
        }
    }

    fn file(&self) -> Option<(&str, &str)> {
        match &self.settings.python {
            PythonSource::Name(_) => None,
            PythonSource::File { path, .. } => {
                let name = path.file_name().and_then(|name| name.to_str()).unwrap_or("optimizer.py");
                Some((name, self.settings.text.as_deref().unwrap_or_default()))
            }
        }
    }

    fn unexpected(&self, id: u64, doing: &str, answer: &FromChild) -> PythonError {
        self.broken(id, doing, format!("{answer:?} is no answer to that"))
    }

    fn broken(&self, id: u64, doing: &str, message: String) -> PythonError {
        self.host.stop(id);
        PythonError::Protocol { doing: doing.to_owned(), message }
    }
}

impl Drop for PythonOptimizer {
    fn drop(&mut self) {
        if let Some(Session { id, .. }) = self.session {
            let _ = self.host.ask(id, &ToChild::End { id }, &[], "ending"); // it may have ended long ago
        }
    }
}

fn bytes_of(tensors: &[Tensor]) -> Vec<Vec<u8>> {
    tensors.iter().map(|tensor| bytes(&tensor.to_kind(Kind::Float))).collect()
}

/// The numbers of a tensor as they lie in memory.
fn bytes(tensor: &Tensor) -> Vec<u8> {
    let tensor = tensor.detach().to_device(Device::Cpu).contiguous();
    let mut bytes = vec![0; tensor.numel() * tensor.kind().elt_size_in_bytes()];
    tensor.copy_data_u8(&mut bytes, tensor.numel());
    bytes
}

/// Tensors of these shapes, `times` over.
fn tensors(bytes: &[u8], shapes: &[Vec<i64>], times: usize) -> Result<Vec<Tensor>, String> {
    let count = |shape: &Vec<i64>| shape.iter().product::<i64>() as usize * size_of::<f32>();
    let expected = times * shapes.iter().map(count).sum::<usize>();
    if bytes.len() != expected {
        return Err(format!("{} bytes of parameters where there are {expected}", bytes.len()));
    }
    let (mut rest, mut tensors) = (bytes, Vec::new());
    for shape in shapes.iter().cycle().take(times * shapes.len()) {
        let (own, others) = rest.split_at(count(shape));
        tensors.push(Tensor::from_data_size(own, shape, Kind::Float));
        rest = others;
    }
    Ok(tensors)
}

/// Candidates, each with all parameters one after the other, as the stacked parameters of all.
fn stacked(bytes: &[u8], shapes: &[Vec<i64>], count: usize) -> Result<Vec<Tensor>, String> {
    let lengths: Vec<i64> = shapes.iter().map(|shape| shape.iter().product()).collect();
    let all = vec![vec![count as i64, lengths.iter().sum()]];
    let candidates = tensors(bytes, &all, 1)?.remove(0);
    let mut start = 0;
    let mut parts = Vec::new();
    for (shape, length) in shapes.iter().zip(&lengths) {
        let size: Vec<i64> = std::iter::once(count as i64).chain(shape.iter().copied()).collect();
        parts.push(candidates.narrow(1, start, *length).reshape(size));
        start += length;
    }
    Ok(parts)
}
