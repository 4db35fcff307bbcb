//! Cost of a step in Python: what it adds to a step of the same rule here, on latents of the
//! miniature's size.
//!
//! ```text
//! cargo run --release -p optim-python --example overhead -- PYTHON
//! ```

use std::error::Error;
use std::sync::Arc;
use std::time::{Duration, Instant};

use optim::{Optimizer, OptimizerConfig};
use optim_python::{Host, Interpreter, Known, Objective, PythonError, PythonOptimizer};
use tch::{Device, Kind, Tensor};

/// Latent vectors and class logits of the model set `mini`.
const SHAPES: [[i64; 2]; 2] = [[5, 192], [5, 1000]];
const STEPS: u64 = 2000;

/// No optimizer of this example asks for more.
struct Elsewhere;

impl Objective for Elsewhere {
    type Error = PythonError;

    fn gradient(&mut self, params: &[Tensor]) -> Result<(f32, Vec<Tensor>), PythonError> {
        Ok((0.0, params.iter().map(Tensor::zeros_like).collect()))
    }

    fn losses(&mut self, candidates: &[Tensor]) -> Result<Vec<f32>, PythonError> {
        Ok(vec![0.0; candidates[0].size()[0] as usize])
    }
}

#[expect(clippy::print_stdout, reason = "a program for people")]
fn main() -> Result<(), Box<dyn Error>> {
    tch::set_num_threads(1);
    let python = std::env::args_os().nth(1).unwrap_or_else(|| "python3".into());
    let random = || SHAPES.map(|shape| Tensor::randn(shape, (Kind::Float, Device::Cpu)));
    let (mut params, gradient) = (random(), random());

    let mut here = Optimizer::new(&OptimizerConfig::Adam(Default::default()), &params);
    let here = median(|_| {
        here.step(&mut params, &gradient, 1.0);
        Ok(())
    })?;
    let settings = toml::from_str("python = 'torch.optim.Adam'")?;
    let mut there = PythonOptimizer::new(&settings, 0, &Arc::new(Host::new(Interpreter::new(python))));
    there.begin(&params)?;
    let there = median(|step| {
        let known = Known { loss: 0.0, gradient: &gradient };
        there.step((step, 1.0), &known, &mut Elsewhere).map(drop)
    })?;
    println!("a step of Adam, median of {STEPS}: {here:?} here, {there:?} in Python");
    Ok(())
}

fn median(mut step: impl FnMut(u64) -> Result<(), PythonError>) -> Result<Duration, PythonError> {
    let mut times = Vec::new();
    for number in 1..=STEPS {
        let start = Instant::now();
        step(number)?;
        times.push(start.elapsed());
    }
    times.sort();
    Ok(times[times.len() / 2])
}
