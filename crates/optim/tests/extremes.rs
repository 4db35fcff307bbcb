//! Behavior of every optimizer at the ends of its ranges and with the smallest parameters.

use optim::{Optimizer, OptimizerConfig};
use tch::{Device, Kind, Tensor};

use common::{cases, waves};

#[allow(dead_code, reason = "every test crate uses a part of it")]
mod common;

/// Optimizers whose steps grow with the gradient; `RAdam`'s first ones do.
const SCALE_WITH_GRADIENTS: [&str; 3] = ["sgd", "asgd", "radam"];

#[test]
fn without_gradients_nothing_moves_but_by_decay() {
    for (name, config) in cases() {
        let start = waves(&[2, 3], 1.0, Kind::Float);
        let end = after(5, &config, &start, |_| start.zeros_like());
        let moved = (&end - &start).abs().max().double_value(&[]);
        let grew = (end.norm() - start.norm()).double_value(&[]);
        assert!(grew <= 0.0, "{name} grew by {grew}");
        assert!(decays(&config) == (moved > 0.0), "{name} moved by {moved}");
    }
}

#[test]
fn the_first_step_goes_down() {
    for config in OptimizerConfig::all() {
        let start = waves(&[2, 3], 1.0, Kind::Float);
        let gradient = waves(&[2, 3], 2.0, Kind::Float);
        let end = after(1, &config, &start, |_| gradient.copy());
        let descent = ((start - end) * &gradient).sum(Kind::Float).double_value(&[]);
        assert!(descent > 0.0, "{config:?} went up by {descent}");
    }
}

#[test]
fn very_large_gradients_move_parameters_no_farther_than_ordinary_ones() {
    for config in OptimizerConfig::all() {
        let ordinary = moved(&config, 1.0);
        let large = moved(&config, 1e15);
        if SCALE_WITH_GRADIENTS.contains(&config.name()) {
            assert!(large.is_finite() && large > 1e14 * ordinary, "{config:?} moved by {large}");
        } else {
            assert!((large / ordinary - 1.0).abs() < 1e-2, "{config:?}: {large} for {ordinary}");
        }
    }
}

#[test]
fn very_small_gradients_break_nothing() {
    for (name, config) in cases() {
        let ordinary = moved(&config, 1.0);
        let small = moved(&config, 1e-30);
        assert!(
            small.is_finite() && small <= 2.0 * ordinary,
            "{name} moved by {small}, and {ordinary} for ordinary ones"
        );
    }
}

#[test]
fn a_gradient_is_left_as_it_is() {
    for (name, config) in cases() {
        let gradient = waves(&[2, 3], 2.0, Kind::Float);
        let _ = after(3, &config, &waves(&[2, 3], 1.0, Kind::Float), |_| gradient.shallow_clone());
        assert_eq!(gradient, waves(&[2, 3], 2.0, Kind::Float), "{name}");
    }
}

#[test]
fn a_single_number_moves_as_in_a_tensor_of_one() {
    for (name, config) in cases() {
        let of_shape = |shape: &[i64]| after(9, &config, &Tensor::full(shape, 0.8, FLOAT), |x| x * 0.5 + 0.1);
        let single = of_shape(&[]).double_value(&[]);
        for shape in [&[1][..], &[1, 1], &[1, 1, 1]] {
            assert_eq!(of_shape(shape).reshape([1]).double_value(&[0]), single, "{name} {shape:?}");
        }
        assert!(single < 0.8, "{name} came to {single}");
    }
}

#[test]
fn the_shape_of_a_tensor_counts_for_nothing_but_in_muon() {
    for (name, config) in cases() {
        let of_shape = |shape: &[i64]| after(9, &config, &waves(shape, 1.0, Kind::Float), |x| x * 0.5 + 0.1);
        let flat = of_shape(&[24]);
        let same =
            [&[4, 6][..], &[2, 3, 4], &[1, 2, 3, 4]].map(|shape| of_shape(shape).reshape([24]) == flat);
        // As matrices the last two are 2 × 12 and 1 × 24, and a vector is a row.
        let expected = if config.name() == "muon" { [false, false, true] } else { [true; 3] };
        assert_eq!(same, expected, "{name}");
    }
}

const FLOAT: (Kind, Device) = (Kind::Float, Device::Cpu);

/// Largest move of an entry over a few gradients of about this size.
fn moved(config: &OptimizerConfig, size: f64) -> f64 {
    let start = waves(&[2, 3], 1.0, Kind::Float);
    let mut phase = 2.0;
    let end = after(5, config, &start, |_| {
        phase += 0.1;
        waves(&[2, 3], phase, Kind::Float) * size
    });
    (end - start).abs().max().double_value(&[])
}

fn after(
    steps: u32,
    config: &OptimizerConfig,
    start: &Tensor,
    mut gradient: impl FnMut(&Tensor) -> Tensor,
) -> Tensor {
    let mut params = [start.copy()];
    let mut optimizer = Optimizer::new(config, &params);
    for _ in 0..steps {
        let grads = [gradient(&params[0])];
        optimizer.step(&mut params, &grads, 1.0);
    }
    let [end] = params;
    end
}

/// Returns true if parameters decay: by `weight_decay`, or `lambd` in ASGD.
fn decays(config: &OptimizerConfig) -> bool {
    let settings = common::settings(config);
    let is_set = |name| settings.get(name).and_then(toml::Value::as_float).is_some_and(|value| value > 0.0);
    is_set("weight_decay") || is_set("lambd")
}
