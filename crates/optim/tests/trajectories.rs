//! The optimizers follow their references, step by step.
//!
//! `golden/generate.py` says how the expected trajectories are made; `golden/cases.toml` lists
//! them.

use std::collections::{BTreeMap, BTreeSet};

use optim::{Optimizer, OptimizerConfig};
use tch::{Kind, Tensor};

use common::{cases, golden, settings};

#[allow(dead_code, reason = "every test crate uses a part of it")]
mod common;

/// Rounding of the largest parameter to float32: no trajectory need be closer to float64.
const ROUNDING: f64 = f32::EPSILON as f64;

/// Largest ratio of a float32 trajectory's deviation from float64 to the reference's own. The
/// reference strayed on another processor, and the errors of 240 steps add up to another draw of
/// the same size. Worst over libtorch's instruction sets (default, AVX2, AVX-512): 1.44 for
/// schedule-free-adamw, 1.31 for adam, 1.13 for adamw, 1.10 for adan, 1.05 or less for the rest.
const AS_CLOSE: f64 = 3.0;

/// [`AS_CLOSE`] for Adadelta, whose small quotients magnify what the order of a product loses:
/// 2.12 measured.
const AS_CLOSE_ADADELTA: f64 = 5.0;

/// Largest deviation of a float64 trajectory from the reference's. 4.6e-15 measured, for AdamW
/// under a cosine schedule, which PyTorch computes by recursion.
const DOUBLE: f64 = 1.4e-14;

/// [`DOUBLE`] for Adadelta (4.3e-14 measured) and for Prodigy (2.4e-14), which estimates its step
/// from all steps before.
const DOUBLE_MAGNIFIED: f64 = 1.3e-13;

/// Effect on a step of Muon, in learning rates, of one number that Newton-Schulz rounds to the
/// other bfloat16: 2⁻⁸ times the polynomial's slope, at most 3.44. In the first two steps, where 0
/// was measured, at most one such number is to be expected on another processor.
const ONE_BFLOAT16: f64 = 0.014;

/// Effect of such numbers over 240 steps. 0.11 measured without vector instructions, 0 with them.
const ALL_BFLOAT16: f64 = 0.3;

#[test]
fn float32_is_as_close_to_float64_as_the_reference() {
    let golden = Golden::read();
    let mut report = String::new();
    for (name, config) in cases() {
        let as_close = if config.name() == "adadelta" { AS_CLOSE_ADADELTA } else { AS_CLOSE };
        let least = bfloat16(&config).map_or(ROUNDING, |(_, all)| all / as_close);
        for (parameter, points) in golden.follow(&config, Kind::Float) {
            let reference = &golden.tensors[&format!("{name}/{parameter}/strayed")];
            let strayed = golden.strayed(&name, &parameter, &points);
            let worst = (&strayed / reference.clamp_min(least)).max().double_value(&[]);
            if worst > as_close {
                let last = strayed.max().double_value(&[]);
                report +=
                    &format!("{name}/{parameter} strays by {last:.1e}, {worst:.2} times what is expected\n");
            }
        }
    }
    assert!(report.is_empty(), "\n{report}");
}

#[test]
fn float64_is_the_reference_itself() {
    let golden = Golden::read();
    let mut report = String::new();
    for (name, config) in cases() {
        let allowed = match config.name() {
            "adadelta" | "prodigy" => DOUBLE_MAGNIFIED,
            _ => DOUBLE,
        };
        let (first, all) = bfloat16(&config).unwrap_or((allowed, allowed));
        for (parameter, points) in golden.follow(&config, Kind::Double) {
            let strayed = golden.strayed(&name, &parameter, &points);
            let of_first = strayed.double_value(&[1]); // after two steps
            let of_all = strayed.max().double_value(&[]);
            if of_first > first || of_all > all {
                report +=
                    &format!("{name}/{parameter} strays by {of_first:.1e} at first, {of_all:.1e} at last\n");
            }
        }
    }
    assert!(report.is_empty(), "\n{report}");
}

/// Deviations allowed to Muon, after two steps and after all, for bfloat16 numbers that are rounded
/// the other way; `None` for other optimizers.
fn bfloat16(config: &OptimizerConfig) -> Option<(f64, f64)> {
    let lr = settings(config)["lr"].as_float().expect("a number");
    (config.name() == "muon").then_some((ONE_BFLOAT16 * lr, ALL_BFLOAT16 * lr))
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

    /// The points after the kept steps, by parameter; `average.` before it for the evaluation
    /// point.
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

    /// The largest distance so far from the reference's float64, relative to the parameters, after
    /// every kept step.
    fn strayed(&self, case: &str, parameter: &str, points: &Tensor) -> Tensor {
        let want = &self.tensors[&format!("{case}/{parameter}")];
        let largest = |x: &Tensor| x.flatten(1, -1).abs().amax([1], false);
        (largest(&(points.to_kind(Kind::Double) - want)) / largest(want)).cummax(0).0
    }
}
