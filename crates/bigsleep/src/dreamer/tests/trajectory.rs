//! The whole computation against the `big-sleep` package: twenty steps of Adam (`tests/reference/bigsleep.py`).

use super::super::*;
use crate::golden::{distance, models, read};
use crate::{Interpolation, Prompt};
use optim::OptimizerConfig;
use std::collections::HashMap;

const STEPS: i64 = 20;
const IMAGE_SIDE: i64 = 32;

/// Steps whose terms rounding has not magnified yet: 5.3e-7 at most, under every instruction set.
const FIRST_STEPS: u32 = 6;

/// Relative deviation of a term in the first steps. A formula that is wrong shows here.
const FIRST: f64 = 1e-5;

/// Relative deviation of a term up to step 20 with the kernels of AVX2 or AVX-512: 4.6e-6 measured.
const LATER: f64 = 1e-4;

/// The same with libtorch's kernels without vector instructions, which round otherwise than those
/// that made the golden values: each step magnifies that about twofold, 6.5e-3 measured at step 20.
const LATER_ON_DEFAULT: f64 = 0.05;

/// Distance of latents, averages (5.2e-5 measured) and image (2.9e-4) after step 20.
const STATE: f64 = 1e-3;

/// Images lie in [0, 1]; without vector instructions 0.34 was measured after step 20, which leaves
/// nothing to compare.
const STATE_ON_DEFAULT: f64 = 0.6;

/// `vectorized`, or `default` where libtorch is told to do without vector instructions.
fn tolerance(vectorized: f64, default: f64) -> f64 {
    let is_default = std::env::var("ATEN_CPU_CAPABILITY").is_ok_and(|set| set == "default");
    if is_default { default } else { vectorized }
}

/// `case` of the golden trajectories: two cutouts of the whole image, if `settings` do not say otherwise.
fn follow(case: &str, texts: (&[&str], &[&str]), settings: &DreamSettings) {
    let golden = read("trajectories.safetensors");
    let settings = DreamSettings { epochs: 1, iterations: STEPS as u32, ..settings.clone() };
    let (generator, clip) = models(Kind::Float);
    let dreamer = Dreamer::new(generator, clip, &settings).unwrap();

    let optimizer: OptimizerConfig = serde_json::from_str(r#"{ "adam": { "lr": 0.02 } }"#).unwrap();
    let spec = DreamSpec { prompt: Prompt::default(), seed: 1, optimizer, settings };
    let embeds = |names: &[&str]| match names {
        [] => Tensor::zeros([0, 16], (Kind::Float, Device::Cpu)),
        _ => Tensor::stack(&names.iter().map(|name| &golden[&format!("text.{name}")]).collect::<Vec<_>>(), 0),
    };
    let target = losses::target(&embeds(texts.0), &embeds(texts.1));
    let mut dreams = [dreamer.begin_toward(&spec, target)];

    for step in 0..STEPS {
        let boxes = boxes(&golden, case, step, &spec.settings);
        dreamer.step_at(&mut dreams, |_| boxes.clone()).unwrap();
    }
    let expected = |name: &str| &golden[&format!("{case}.{name}")];
    let [mut dream] = dreams;
    compare_terms(&mut dream, expected("terms"));
    assert_near("normu", &dream.latents.normu, expected("normu"));
    assert_near("cls", &dream.latents.cls, expected("cls"));
    let average = dream.ema.average();
    assert_near("average normu", &average.normu, expected("average_normu"));
    assert_near("average cls", &average.cls, expected("average_cls"));
    assert_near("image", &dreamer.image(&dream), expected("image"));
}

fn boxes(golden: &HashMap<String, Tensor>, case: &str, step: i64, settings: &DreamSettings) -> Vec<Cutout> {
    let Some(boxes) = golden.get(&format!("{case}.boxes")) else {
        let whole = Cutout { side: IMAGE_SIDE, top: 0, left: 0 };
        return vec![whole; (settings.cutouts * settings.gradient_accumulation) as usize];
    };
    let numbers = Vec::<i64>::try_from(boxes.get(step).reshape(-1)).unwrap();
    numbers.chunks_exact(3).map(|c| Cutout { side: c[0], top: c[1], left: c[2] }).collect()
}

/// Compares each term of each step.
fn compare_terms(dream: &mut Dream, expected: &Tensor) {
    let rows = dream.take_trace();
    assert_eq!(rows.len() as i64, STEPS);
    let mut worst = [0.0; 3];
    for (i, row) in (0..).zip(&rows) {
        for (j, found) in (0..).zip([row.loss.latent, row.loss.class, row.loss.similarity].map(f64::from)) {
            let expected = expected.double_value(&[i, j]);
            let off = ((found - expected) / expected).abs();
            worst[j as usize] = f64::max(worst[j as usize], off);
            let allowed = if row.step <= FIRST_STEPS { FIRST } else { tolerance(LATER, LATER_ON_DEFAULT) };
            assert!(off < allowed, "step {}, term {j}: {found} is not {expected}", row.step);
        }
    }
    println!("worst latent, class, similarity terms: {:.1e} {:.1e} {:.1e}", worst[0], worst[1], worst[2]);
}

fn assert_near(name: &str, found: &Tensor, expected: &Tensor) {
    let (off, allowed) = (distance(found, expected), tolerance(STATE, STATE_ON_DEFAULT));
    println!("{name}: {off:.1e}");
    assert!(off < allowed, "{name} is off by {off:e}");
}

fn two_cutouts() -> DreamSettings {
    DreamSettings { cutouts: 2, ..DreamSettings::default() }
}

#[test]
fn plain() {
    follow("plain", (&["a"], &[]), &two_cutouts());
}

#[test]
fn max_classes() {
    follow("max_classes", (&["a"], &[]), &DreamSettings { max_classes: Some(3), ..two_cutouts() });
}

#[test]
fn texts_to_approach_and_to_avoid() {
    follow("text_min", (&["a", "b"], &["c"]), &two_cutouts());
}

#[test]
fn gradient_accumulation() {
    follow("accumulation", (&["a"], &[]), &DreamSettings { gradient_accumulation: 2, ..two_cutouts() });
}

#[test]
fn bilinear() {
    follow(
        "bilinear",
        (&["b"], &[]),
        &DreamSettings { interpolation: Interpolation::Bilinear, ..two_cutouts() },
    );
}

#[test]
fn lanczos() {
    follow(
        "lanczos",
        (&["b"], &[]),
        &DreamSettings { interpolation: Interpolation::Lanczos, ..two_cutouts() },
    );
}

/// With cutouts that the package drew, different ones for each part of an accumulated gradient.
#[test]
fn cutouts_of_parts() {
    let settings =
        DreamSettings { cutouts: 3, gradient_accumulation: 2, ema_decay: 0.9, ..DreamSettings::default() };
    follow("cutouts", (&["a"], &[]), &settings);
}
