//! Single steps from states of big-sleep's own (`tests/reference/bigsleep.py`). A trajectory
//! magnifies rounding from step to step until nothing can be compared; one step does not, under
//! any instruction set.

use super::super::*;
use super::trajectory::{Case, cases};
use crate::ema::Ema;
use crate::golden::{distance, read};
use crate::recorder::Recorder;
use std::collections::HashMap;

/// Relative deviation of a term: 4.0e-7 was the most under all instruction sets.
const TERM: f64 = 1e-6;

/// Distance of the change of the latents from big-sleep's, relative to the largest: 2.6e-5. A
/// change is at most the learning rate, 0.02, and the rounding of the latents that it is added to a
/// hundred-thousandth of that.
const CHANGE: f64 = 7e-5;

/// Distance of the average after the step: 9.3e-8.
const AVERAGE: f64 = 2.5e-7;

/// Distance of the average's image: 1.1e-5.
const IMAGE: f64 = 3e-5;

#[test]
fn a_step_from_big_sleeps_state_is_big_sleeps() {
    let golden = read("steps.safetensors");
    let mut told = Vec::new();
    for case in cases() {
        let all: Vec<_> = steps_before(&golden, case.name).collect();
        assert!(!all.is_empty(), "{}", case.name);
        for steps in all {
            told.extend(deviations(&golden, &case, steps));
        }
    }
    for (name, off, allowed) in &told {
        println!("{name}: {off:.1e} of {allowed:.0e}");
    }
    assert!(told.iter().all(|(_, off, allowed)| off < allowed));
}

/// The numbers of steps after which big-sleep's state of a case is known.
fn steps_before(golden: &HashMap<String, Tensor>, case: &str) -> impl Iterator<Item = u32> {
    (0..100).filter(move |steps| golden.contains_key(&format!("{case}.{steps}.terms")))
}

/// The deviations of one step from big-sleep's: name, deviation, largest allowed.
fn deviations(golden: &HashMap<String, Tensor>, case: &Case, steps: u32) -> Vec<(String, f64, f64)> {
    let get = |part: &str| &golden[&format!("{}.{steps}.{part}", case.name)];
    let (dreamer, mut dream) = case.begin();
    take_over(&mut dream, steps, get);
    let before = dream.latents.tensors().map(|latents| latents.copy());
    let boxes = case.boxes(golden.get(&format!("{}.{steps}.boxes", case.name)));
    let mut dreams = [dream];
    dreamer.step_at(&mut dreams, |_| boxes.clone()).unwrap();
    let [mut dream] = dreams;

    let loss = dream.take_trace()[0].loss;
    let terms = [loss.latent, loss.class, loss.similarity].map(f64::from);
    let of_term = |(i, found): (i64, f64)| {
        let expected = get("terms").double_value(&[i]);
        ((found - expected) / expected).abs()
    };
    let term = (0..).zip(terms).map(of_term).fold(0.0, f64::max);
    let change =
        |after: &Tensor, before: &Tensor, name: &str| distance(&(after - before), &(get(name) - before));
    let Latents { normu, cls } = dream.ema.average();
    let found = [
        ("terms", term, TERM),
        ("normu", change(&dream.latents.normu, &before[0], "normu"), CHANGE),
        ("cls", change(&dream.latents.cls, &before[1], "cls"), CHANGE),
        ("average normu", distance(&normu, get("average_normu")), AVERAGE),
        ("average cls", distance(&cls, get("average_cls")), AVERAGE),
        ("image", distance(&dreamer.image(&dream), get("image")), IMAGE),
    ];
    let named = |(what, off, allowed)| (format!("{} after {steps}, {what}", case.name), off, allowed);
    found.into_iter().map(named).collect()
}

/// Puts a dream into big-sleep's state after so many steps.
fn take_over<'g>(dream: &mut Dream, steps: u32, get: impl Fn(&str) -> &'g Tensor) {
    let before = |name: &str| get(&format!("before.{name}")).copy();
    let latents = |prefix: &str| Latents {
        normu: before(&format!("{prefix}normu")),
        cls: before(&format!("{prefix}cls")),
    };
    dream.latents = latents("");
    dream.recorder = Recorder::new(steps, None, Device::Cpu);
    dream.ema = Ema::new(&dream.latents, dream.spec.settings.ema_decay);
    (dream.ema.biased, dream.ema.accum) = (latents("biased."), before("accum"));
    let mut state = vec![("step".to_owned(), Tensor::from(i64::from(steps)))];
    for (i, parameter) in ["normu", "cls"].into_iter().enumerate() {
        for moment in ["exp_avg", "exp_avg_sq"] {
            state.push((format!("{moment}.{i}"), before(&format!("{moment}.{parameter}"))));
        }
    }
    dream.update.restore(state);
}
