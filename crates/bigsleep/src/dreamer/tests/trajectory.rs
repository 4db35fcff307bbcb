//! The whole computation against the `big-sleep` package: twenty steps of Adam
//! (`tests/reference/bigsleep.py`).

use super::super::*;
use crate::golden::{distance, models, read};
use crate::{Interpolation, Prompt};
use optim::OptimizerConfig;

const STEPS: i64 = 20;
const IMAGE_SIDE: i64 = 32;

/// Steps whose terms rounding has not magnified yet.
const FIRST_STEPS: u32 = 6;

/// Relative deviation of a term in the first steps: 5.3e-7 at most, under every instruction set.
const FIRST: f64 = 1.5e-6;

/// Relative deviation of a term up to step 20 with the kernels of AVX2 or AVX-512: 4.6e-6.
/// Each step magnifies rounding, in some cases twofold.
const LATER: f64 = 1.4e-5;

/// Distance of latents and averages after step 20, with these kernels: 5.2e-5.
const LATENTS: f64 = 1.5e-4;

/// Distance of the image of the averages: 2.9e-4.
const IMAGE: f64 = 9e-4;

/// Returns true where libtorch is told to do without vector instructions. Its kernels then round
/// otherwise than those that made the golden values, by 0.34 of an image after twenty steps: of
/// such trajectories the first steps are compared, and later ones each by itself (`single_steps`).
fn is_without_vectors() -> bool {
    std::env::var("ATEN_CPU_CAPABILITY").is_ok_and(|set| set == "default")
}

/// A run of big-sleep's, to be computed again.
pub(super) struct Case {
    pub(super) name: &'static str,
    approach: &'static [&'static str],
    avoid: &'static [&'static str],
    settings: DreamSettings,
}

/// The cases of `tests/reference/bigsleep.py`: two cutouts of the whole image, but for the last.
pub(super) fn cases() -> [Case; 7] {
    let case = |name, approach, settings: DreamSettings| Case { name, approach, avoid: &[], settings };
    let whole = || DreamSettings { cutouts: 2, ..DreamSettings::default() };
    let resized = |interpolation| DreamSettings { interpolation, ..whole() };
    let several = DreamSettings { cutouts: 3, gradient_accumulation: 2, ema_decay: 0.9, ..whole() };
    [
        case("plain", &["a"], whole()),
        case("max_classes", &["a"], DreamSettings { max_classes: Some(3), ..whole() }),
        Case { avoid: &["c"], ..case("text_min", &["a", "b"], whole()) },
        case("accumulation", &["a"], DreamSettings { gradient_accumulation: 2, ..whole() }),
        case("bilinear", &["b"], resized(Interpolation::Bilinear)),
        case("lanczos", &["b"], resized(Interpolation::Lanczos)),
        // Cutouts that big-sleep drew, different ones for each part of an accumulated gradient.
        case("cutouts", &["a"], several),
    ]
}

impl Case {
    /// The networks, and the dream before its first step.
    pub(super) fn begin(&self) -> (Dreamer, Dream) {
        let settings = DreamSettings { epochs: 1, iterations: STEPS as u32, ..self.settings.clone() };
        let (generator, clip) = models(Kind::Float);
        let dreamer = Dreamer::new(generator, clip, &settings).unwrap();
        let optimizer: OptimizerConfig = serde_json::from_str(r#"{ "adam": { "lr": 0.02 } }"#).unwrap();
        let spec = DreamSpec { prompt: Prompt::default(), seed: 1, optimizer: optimizer.into(), settings };
        let golden = read("trajectories.safetensors");
        let embeds = |names: &[&str]| match names {
            [] => Tensor::zeros([0, 16], (Kind::Float, Device::Cpu)),
            names => {
                let texts = names.iter().map(|name| &golden[&format!("text.{name}")]);
                Tensor::stack(&texts.collect::<Vec<_>>(), 0)
            }
        };
        let dream = dreamer.begin_toward(&spec, losses::target(&embeds(self.approach), &embeds(self.avoid)));
        (dreamer, dream)
    }

    /// Cutouts `[n, 3]` that big-sleep drew for a step, or else the whole image.
    pub(super) fn boxes(&self, drawn: Option<&Tensor>) -> Vec<Cutout> {
        let Some(drawn) = drawn else {
            let whole = Cutout { side: IMAGE_SIDE, top: 0, left: 0 };
            return vec![whole; (self.settings.cutouts * self.settings.gradient_accumulation) as usize];
        };
        let numbers = Vec::<i64>::try_from(drawn.reshape(-1)).unwrap();
        numbers.chunks_exact(3).map(|c| Cutout { side: c[0], top: c[1], left: c[2] }).collect()
    }
}

/// Takes the twenty steps of a case.
fn follow(name: &str) {
    let case = cases().into_iter().find(|case| case.name == name).unwrap();
    let golden = read("trajectories.safetensors");
    let (dreamer, dream) = case.begin();
    let mut dreams = [dream];
    for step in 0..STEPS {
        let drawn = golden.get(&format!("{name}.boxes")).map(|boxes| boxes.get(step));
        let boxes = case.boxes(drawn.as_ref());
        dreamer.step_at(&mut dreams, |_| boxes.clone()).unwrap();
    }
    let expected = |part: &str| &golden[&format!("{name}.{part}")];
    let [mut dream] = dreams;
    compare_terms(&mut dream, expected("terms"));
    if is_without_vectors() {
        return;
    }
    assert_near("normu", &dream.latents.normu, expected("normu"), LATENTS);
    assert_near("cls", &dream.latents.cls, expected("cls"), LATENTS);
    let average = dream.ema.average();
    assert_near("average normu", &average.normu, expected("average_normu"), LATENTS);
    assert_near("average cls", &average.cls, expected("average_cls"), LATENTS);
    assert_near("image", &dreamer.image(&dream), expected("image"), IMAGE);
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
            let allowed = if row.step <= FIRST_STEPS { FIRST } else { LATER };
            let is_compared = row.step <= FIRST_STEPS || !is_without_vectors();
            assert!(off < allowed || !is_compared, "step {}, term {j}: {found} is not {expected}", row.step);
        }
    }
    println!("worst latent, class, similarity terms: {:.1e} {:.1e} {:.1e}", worst[0], worst[1], worst[2]);
}

fn assert_near(name: &str, found: &Tensor, expected: &Tensor, allowed: f64) {
    let off = distance(found, expected);
    println!("{name}: {off:.1e}");
    assert!(off < allowed, "{name} is off by {off:e}");
}

#[test]
fn plain() {
    follow("plain");
}

#[test]
fn max_classes() {
    follow("max_classes");
}

#[test]
fn texts_to_approach_and_to_avoid() {
    follow("text_min");
}

#[test]
fn gradient_accumulation() {
    follow("accumulation");
}

#[test]
fn bilinear() {
    follow("bilinear");
}

#[test]
fn lanczos() {
    follow("lanczos");
}

#[test]
fn cutouts_of_parts() {
    follow("cutouts");
}
