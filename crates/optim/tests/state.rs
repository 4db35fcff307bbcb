//! A saved optimizer goes on exactly, or is refused whole.

use optim::{Optimizer, OptimizerConfig};
use tch::{Kind, Tensor};

use common::{cases, waves};

#[allow(dead_code, reason = "every test crate uses a part of it")]
mod common;

#[test]
fn a_restored_run_is_bit_identical_to_an_unbroken_one() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    for (name, config) in cases() {
        let mut unbroken = Run::new(&config);
        unbroken.steps(0..9);

        let file = folder.path().join(name.clone());
        Tensor::write_safetensors(&unbroken.optimizer.state(), &file).expect("a state is written");
        let mut resumed =
            Run { params: copies(&unbroken.params), optimizer: Optimizer::new(&config, &start()) };
        let saved = Tensor::read_safetensors(&file).expect("a state is read");
        resumed.optimizer.restore(saved).expect("a state of the same optimizer");

        unbroken.steps(9..20);
        resumed.steps(9..20);
        assert_eq!(unbroken.bits(), resumed.bits(), "{name}");
    }
}

#[test]
fn a_saved_state_does_not_change_with_later_steps() {
    for (name, config) in cases() {
        let mut run = Run::new(&config);
        run.steps(0..3);
        let saved = run.optimizer.state();
        let before = copies(saved.iter().map(|(_, tensor)| tensor));
        run.steps(3..6);
        assert!(saved.iter().zip(&before).all(|((_, after), before)| after == before), "{name}");
    }
}

#[test]
fn a_state_of_another_optimizer_is_refused_whole() {
    let adam = OptimizerConfig::default_of("adam").expect("adam is one");
    let mut run = Run::new(&adam);
    run.steps(0..3);
    let before = run.bits();
    let wrong = [
        ("step", Tensor::from(7_i64)),
        ("exp_avg.0", Tensor::zeros([2, 3], (Kind::Double, tch::Device::Cpu))),
        ("exp_avg.1", Tensor::zeros([4], tch::kind::FLOAT_CPU)),
        ("exp_avg_sq.0", Tensor::zeros([3, 2], tch::kind::FLOAT_CPU)),
        ("momentum_buffer.0", Tensor::zeros([2, 3], tch::kind::FLOAT_CPU)),
    ];
    let error = run
        .optimizer
        .restore(wrong.map(|(name, tensor)| (name.to_string(), tensor)))
        .expect_err("it is wrong");
    insta::assert_snapshot!(error.to_string().replace("; ", "\n"), @r"
    the saved state is not one of this optimizer
    `exp_avg_sq.1` is missing
    `momentum_buffer.0` is not known
    `exp_avg.0` is Double [2, 3], expected Float [2, 3]
    `exp_avg_sq.0` is Float [3, 2], expected Float [2, 3]
    ");
    assert_eq!(run.bits(), before, "a refused state changed something");
}

/// An optimizer on its way over a bowl whose gradients come and go.
struct Run {
    params: Vec<Tensor>,
    optimizer: Optimizer,
}

impl Run {
    fn new(config: &OptimizerConfig) -> Self {
        Self { params: start(), optimizer: Optimizer::new(config, &start()) }
    }

    fn steps(&mut self, steps: std::ops::Range<u64>) {
        for step in steps {
            let push = waves(&[1], step as f64, Kind::Float);
            let grads: Vec<Tensor> = self.params.iter().map(|param| param + &push).collect();
            self.optimizer.step(&mut self.params, &grads, 1.0 / (step + 1) as f64);
        }
    }

    /// Parameters, evaluation point and state, in a form that compares bit by bit.
    fn bits(&self) -> Vec<(String, Vec<f64>)> {
        let point = self.optimizer.evaluation_point(&self.params);
        let named = self.params.iter().chain(&point).map(|tensor| ("parameter".to_string(), tensor.copy()));
        named
            .chain(self.optimizer.state())
            .map(|(name, tensor)| {
                (name, Vec::try_from(tensor.to_kind(Kind::Double).reshape([-1])).expect("numbers"))
            })
            .collect()
    }
}

fn start() -> Vec<Tensor> {
    vec![waves(&[2, 3], 1.0, Kind::Float), waves(&[4], 2.0, Kind::Float)]
}

fn copies<'a>(tensors: impl IntoIterator<Item = &'a Tensor>) -> Vec<Tensor> {
    tensors.into_iter().map(Tensor::copy).collect()
}
