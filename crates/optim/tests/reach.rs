//! Every optimizer gets where it should on two classic problems.

use std::collections::BTreeSet;

use optim::{Optimizer, OptimizerConfig};
use tch::{Kind, Tensor};

/// The settings of an optimizer and the loss that it must get below, for the quadratic and for
/// Rosenbrock's valley.
const ONE_OF_EACH: &[(&str, f64, &str, f64)] = &[
    ("sgd = { lr = 0.2, momentum = 0.95 }", 1e-6, "sgd = { lr = 1e-3, momentum = 0.9 }", 1e-9),
    ("adam = { lr = 0.05 }", 1e-9, "adam = { lr = 0.05 }", 1e-9),
    (
        "adamw = { lr = 0.05, weight_decay = 0.001 }",
        1e-9,
        "adamw = { lr = 0.05, weight_decay = 0.001 }",
        1e-4,
    ),
    (
        "rmsprop = { lr = 0.02, schedule = { then = 'cosine' } }",
        1e-9,
        "rmsprop = { lr = 0.02, schedule = { then = 'cosine' } }",
        1e-3,
    ),
    ("adagrad = { lr = 0.5 }", 1e-9, "adagrad = { lr = 1 }", 5e-3),
    (
        "adadelta = { lr = 20, schedule = { then = 'linear' } }",
        1e-9,
        "adadelta = { lr = 3, schedule = { then = 'linear' } }",
        1e-2,
    ),
    ("nadam = { lr = 0.05 }", 1e-9, "nadam = { lr = 0.02 }", 1e-3),
    ("radam = { lr = 0.05 }", 1e-9, "radam = { lr = 0.02, schedule = { warmup = 100 } }", 2e-2),
    ("adamax = { lr = 0.1 }", 1e-9, "adamax = { lr = 0.1 }", 1e-5),
    ("rprop = {}", 1e-9, "rprop = {}", 1e-4),
    ("asgd = { lr = 1.0 }", 1e-3, "asgd = { lr = 2e-3 }", 1e-2),
    (
        "lion = { lr = 0.02, schedule = { then = 'cosine' } }",
        1e-9,
        "lion = { lr = 0.01, schedule = { then = 'cosine' } }",
        1e-8,
    ),
    ("adabelief = { lr = 0.05 }", 1e-9, "adabelief = { lr = 0.05 }", 1e-9),
    ("adan = { lr = 0.05 }", 1e-9, "adan = { lr = 0.02 }", 1e-3),
    ("prodigy = {}", 1e-9, "prodigy = { schedule = { then = 'cosine' } }", 1e-3),
    ("schedule-free-adamw = { lr = 0.1 }", 1e-9, "schedule-free-adamw = { lr = 0.1 }", 5e-3),
    (
        "muon = { lr = 0.05, schedule = { then = 'linear' } }",
        1e-7,
        "muon = { lr = 0.02, schedule = { then = 'linear' } }",
        1e-4,
    ),
];

#[test]
fn an_ill_conditioned_quadratic() {
    for (settings, target, ..) in ONE_OF_EACH {
        let loss = minimize(settings, &quadratic_start(), quadratic, 1000);
        assert!(loss < *target, "{settings} stopped at {loss:e}");
    }
}

#[test]
fn rosenbrocks_valley() {
    for (.., settings, target) in ONE_OF_EACH {
        let loss = minimize(settings, &[Tensor::from_slice(&[-1.2, 1.0])], rosenbrock, 3000);
        assert!(loss < *target, "{settings} stopped at {loss:e}");
    }
}

#[test]
fn the_table_has_one_of_each() {
    let rows = ONE_OF_EACH.iter().flat_map(|(quadratic, _, rosenbrock, _)| [quadratic, rosenbrock]);
    let named: BTreeSet<&str> = rows.map(|settings| parsed(settings).name()).collect();
    assert_eq!(named, OptimizerConfig::NAMES.iter().copied().collect());
}

/// 1/2 Σ h x² with curvatures h from 1 down to 1/1000, over a matrix and a vector.
fn quadratic(params: &[Tensor]) -> Tensor {
    let flat = Tensor::cat(&[params[0].reshape([-1]), params[1].reshape([-1])], 0);
    let curvature = Tensor::logspace(0, -3, flat.size()[0], 10.0, (Kind::Double, flat.device()));
    (curvature * flat.square()).sum(Kind::Double) * 0.5
}

fn quadratic_start() -> [Tensor; 2] {
    [Tensor::ones([2, 3], tch::kind::DOUBLE_CPU), Tensor::ones([4], tch::kind::DOUBLE_CPU)]
}

/// (1 - x)² + 100 (y - x²)².
fn rosenbrock(params: &[Tensor]) -> Tensor {
    let (x, y) = (params[0].get(0), params[0].get(1));
    (&x - 1.0).square() + (y - x.square()).square() * 100.0
}

/// The loss at the point that the optimizer offers after so many steps.
fn minimize(settings: &str, start: &[Tensor], loss: fn(&[Tensor]) -> Tensor, steps: u64) -> f64 {
    let config = parsed(settings);
    let mut params: Vec<Tensor> = start.iter().map(|param| param.copy().set_requires_grad(true)).collect();
    let mut optimizer = Optimizer::new(&config, &params);
    for step in 0..steps {
        let grads = Tensor::run_backward(&[loss(&params)], &params, false, false);
        optimizer.step(&mut params, &grads, config.schedule().factor(step, steps));
    }
    loss(&optimizer.evaluation_point(&params)).double_value(&[])
}

fn parsed(settings: &str) -> OptimizerConfig {
    toml::from_str(settings).expect("a config")
}
