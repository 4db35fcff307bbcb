//! The optimizers follow their references, step by step.
//!
//! `golden/generate.py` says how the expected trajectories are made; `golden/cases.toml` lists them.

use std::collections::{BTreeMap, BTreeSet};

use optim::{Optimizer, OptimizerConfig};
use tch::{Kind, Tensor};

use common::{cases, golden, settings};

#[allow(dead_code, reason = "every test crate uses a part of it")]
mod common;

/// Deviation from float64 that rounding alone may cause over 240 steps, where the reference strays less.
const ROUNDING: f64 = 1e-6;

/// Deviation of Muon's trajectories on another processor, where a bfloat16 in Newton-Schulz can round the other way.
const BFLOAT16: f64 = 1e-2;

/// Ratio of the deviation to the reference's. The reference strayed on one processor; another fuses and orders its products
/// otherwise, and the errors of 240 steps add up to another draw of the same size. The worst over libtorch's instruction sets
/// (default, AVX2, AVX-512) is 2.12, of Adadelta. Formulas are held by `float64_is_the_reference_itself`; this one tells
/// a rule that loses digits in single precision, by a hundred times and more.
const AS_CLOSE: f64 = 5.0;

#[test]
fn float32_is_as_close_to_float64_as_the_reference() {
    let golden = Golden::read();
    let mut report = String::new();
    for (name, config) in cases() {
        for (parameter, points) in golden.follow(&config, Kind::Float) {
            let want = &golden.tensors[&format!("{name}/{parameter}")];
            let allowed = golden.tensors[&format!("{name}/{parameter}/strayed")].clamp_min(ROUNDING);
            let strayed = strayed(&points, want);
            let worst = (&strayed / allowed).max().double_value(&[]);
            if worst > AS_CLOSE {
                let last = strayed.max().double_value(&[]);
                report +=
                    &format!("{name}/{parameter} strays by {last:.1e}, {worst:.2} of what is allowed\n");
            }
        }
    }
    assert!(report.is_empty(), "\n{report}");
}

#[test]
fn float64_is_the_reference_itself() {
    let golden = Golden::read();
    for (name, config) in cases() {
        let allowed = if config.name() == "muon" { BFLOAT16 } else { 1e-11 };
        for (parameter, points) in golden.follow(&config, Kind::Double) {
            let want = &golden.tensors[&format!("{name}/{parameter}")];
            let strayed = strayed(&points, want).max().double_value(&[]);
            assert!(strayed < allowed, "{name}/{parameter} strays by {strayed:e}");
        }
    }
}

/// A new optimizer or setting is not forgotten in `cases.toml`.
#[test]
fn every_setting_has_a_case_of_its_own() {
    let mut seen = BTreeSet::new();
    for config in cases().into_values() {
        let default = settings(&OptimizerConfig::default_of(config.name()).expect("its own name"));
        for (setting, value) in settings(&config) {
            if default[&setting] != value {
                seen.insert((config.name(), setting));
            }
        }
    }
    for config in OptimizerConfig::all() {
        for setting in settings(&config).keys().filter(|setting| *setting != "schedule") {
            assert!(
                seen.contains(&(config.name(), setting.clone())),
                "no case for {}.{setting}",
                config.name()
            );
        }
    }
}

/// The committed trajectories and the problem they belong to.
struct Golden {
    tensors: BTreeMap<String, Tensor>,
    kept_steps: Vec<i64>,
}

impl Golden {
    fn read() -> Self {
        let tensors: BTreeMap<_, _> = Tensor::read_safetensors(golden("trajectories.safetensors"))
            .expect("the fixture is there")
            .into_iter()
            .collect();
        let kept_steps = Vec::try_from(&tensors["steps"]).expect("a list of steps");
        Self { tensors, kept_steps }
    }

    /// The points after the kept steps, by parameter; `average.` before it for the evaluation point.
    fn follow(&self, config: &OptimizerConfig, kind: Kind) -> BTreeMap<String, Tensor> {
        let total_steps = *self.kept_steps.last().expect("some steps");
        let mut params = ["a", "b"].map(|name| self.problem(&format!("{name}/start"), kind).copy());
        let mut optimizer = Optimizer::new(config, &params);
        let mut points: BTreeMap<String, Vec<Tensor>> = BTreeMap::new();
        for step in 0..total_steps {
            let grads = self.gradients(step, &params);
            optimizer.step(&mut params, &grads, config.schedule().factor(step as u64, total_steps as u64));
            if self.kept_steps.contains(&(step + 1)) {
                for (i, (param, average)) in
                    params.iter().zip(optimizer.evaluation_point(&params)).enumerate()
                {
                    points.entry(format!("{i}")).or_default().push(param.copy());
                    if matches!(config.name(), "asgd" | "schedule-free-adamw") {
                        points.entry(format!("average.{i}")).or_default().push(average.copy());
                    }
                }
            }
        }
        points.into_iter().map(|(name, points)| (name, Tensor::stack(&points, 0))).collect()
    }

    /// Gradients as in `gradients` of `generate.py`, in its order.
    fn gradients(&self, step: i64, [a, b]: &[Tensor; 2]) -> [Tensor; 2] {
        let kind = a.kind();
        let sway = self.problem("sway", kind).get(step);
        let pull = (a.sum(kind) - b.sum(kind)).tanh() * 0.1;
        let towards = |x: &Tensor, name: &str| {
            let goal = self.problem(&format!("{name}/goal"), kind);
            (x - goal * &sway) * self.problem(&format!("{name}/curvature"), kind)
        };
        [towards(a, "a") + &pull, towards(b, "b") - &pull]
    }

    fn problem(&self, name: &str, kind: Kind) -> Tensor {
        self.tensors[&format!("problem/{name}")].to_kind(kind)
    }
}

/// The largest distance so far, relative to the parameters, after every kept step.
fn strayed(points: &Tensor, want: &Tensor) -> Tensor {
    let distance = (points.to_kind(Kind::Double) - want).flatten(1, -1).abs().amax([1], false)
        / want.flatten(1, -1).abs().amax([1], false);
    distance.cummax(0).0
}
