use super::*;
use crate::golden::{distance, models};
use crate::{Prompt, Status, TraceRow};
use optim::OptimizerConfig;

mod batching;
mod continuation;
mod divergence;
mod extremes;
mod in_python;
mod nudge;
mod single_steps;
mod trajectory;

/// Four steps on four cutouts.
fn settings() -> DreamSettings {
    DreamSettings { epochs: 2, iterations: 2, cutouts: 4, ..DreamSettings::default() }
}

fn dreamer(settings: &DreamSettings) -> Dreamer {
    let (generator, clip) = models(settings.precision.kind());
    Dreamer::new(generator, clip, settings).unwrap()
}

fn optimizer(json: &str) -> OptimizerConfig {
    serde_json::from_str(json).unwrap()
}

fn spec(text: &str, seed: u64, optimizer_json: &str) -> DreamSpec {
    DreamSpec {
        prompt: Prompt::approach(text),
        seed,
        optimizer: optimizer(optimizer_json).into(),
        settings: settings(),
    }
}

const ADAM: &str = r#"{ "adam": { "lr": 0.05 } }"#;
const SGD: &str = r#"{ "sgd": { "lr": 0.5 } }"#;

fn walk(dreamer: &Dreamer, dreams: &mut [Dream], steps: usize) {
    for _ in 0..steps {
        dreamer.step(dreams).unwrap();
    }
}

/// All that a dream is, and its trace.
fn whole(mut dream: Dream) -> (Vec<TraceRow>, Vec<(String, Tensor)>) {
    (dream.take_trace(), dream.state().unwrap())
}

/// A worker may be given what another has made.
#[test]
fn dreamers_and_dreams_can_be_sent_to_other_threads() {
    fn assert_send<T: Send>() {}
    assert_send::<Dreamer>();
    assert_send::<Dream>();
}

#[test]
fn a_dream_runs_its_steps_and_no_further() {
    let dreamer = dreamer(&settings());
    let mut dreams = [dreamer.begin(&spec("a bear", 0, ADAM)).unwrap()];
    assert_eq!(dreams[0].status(), Status::Running);
    walk(&dreamer, &mut dreams, 5);
    let [mut dream] = dreams;
    assert_eq!((dream.status(), dream.step()), (Status::Finished, 4));
    let rows = dream.take_trace();
    assert_eq!(rows.iter().map(|row| row.step).collect::<Vec<_>>(), [1, 2, 3, 4]);
    for row in rows {
        let LossTerms { total, similarity, latent, class } = row.loss;
        assert!((total - (similarity + latent + class)).abs() < 1e-5, "{row:?}");
    }
    let image = dreamer.image(&dream);
    assert_eq!(image.size(), [3, 32, 32]);
    assert!(image.min().double_value(&[]) >= 0.0 && image.max().double_value(&[]) <= 1.0);
    assert!(distance(&image, &dreamer.live_image(&dream)) > 1e-3);
}

/// On a step's own cutouts an image is judged as in the step; otherwise on some that no step sees,
/// always the same.
#[test]
fn images_are_judged_by_the_similarity_term() {
    let dreamer = dreamer(&settings());
    let mut dreams = [dreamer.begin(&spec("a bear", 0, ADAM)).unwrap()];
    let (image, boxes) = (dreamer.live_image(&dreams[0]), dreams[0].boxes(32));
    let judged = dreamer.similarity_term(&image, &dreams[0]);
    let as_in_step = dreamer.similarity_at(&image, &dreams[0], boxes);
    walk(&dreamer, &mut dreams, 1);
    let similarity = f64::from(dreams[0].take_trace()[0].loss.similarity);
    assert!((similarity - as_in_step).abs() < 1e-5, "{similarity} and {as_in_step}");
    assert_ne!(judged, as_in_step);
    assert_eq!(dreamer.similarity_term(&image, &dreams[0]), judged);
}

/// Equal seeds, so that optimizers can be compared in pairs.
#[test]
fn optimizers_begin_alike_and_see_the_same_cutouts() {
    let dreamer = dreamer(&settings());
    let [adam, sgd] = [ADAM, SGD].map(|optimizer| dreamer.begin(&spec("a bear", 3, optimizer)).unwrap());
    assert_eq!(adam.latents.normu, sgd.latents.normu);
    assert_eq!(adam.boxes(32), sgd.boxes(32));
    let other = dreamer.begin(&spec("a bear", 4, ADAM)).unwrap();
    assert_ne!(adam.latents.normu, other.latents.normu);
    assert_ne!(adam.boxes(32), other.boxes(32));
}

#[test]
fn the_schedule_sets_the_learning_rate() {
    let dreamer = dreamer(&settings());
    let first_step = |optimizer| {
        let mut dreams = [dreamer.begin(&spec("a bear", 0, optimizer)).unwrap()];
        walk(&dreamer, &mut dreams, 1);
        dreams[0].latents.normu.copy()
    };
    let warming_up = first_step(r#"{ "sgd": { "lr": 0.5, "schedule": { "warmup": 2 } } }"#);
    assert_eq!(warming_up, first_step(r#"{ "sgd": { "lr": 0.25 } }"#));
    assert_ne!(warming_up, first_step(SGD));
}

#[test]
fn a_perceptor_in_bfloat16_sees_about_the_same() {
    let first_row = |precision| {
        let settings = DreamSettings { precision, ..settings() };
        let dreamer = dreamer(&settings);
        let spec = DreamSpec { settings, ..spec("a bear", 0, ADAM) };
        let mut dreams = [dreamer.begin(&spec).unwrap()];
        walk(&dreamer, &mut dreams, 1);
        dreams[0].take_trace()[0].loss
    };
    let (fp32, bf16) = (first_row(Precision::Fp32), first_row(Precision::Bf16));
    assert_ne!(fp32.similarity, bf16.similarity);
    // bfloat16 has 8 bits: cosines are off by less than 1%, on a scale of 100.
    assert!((fp32.similarity - bf16.similarity).abs() < 1.0, "{fp32:?} {bf16:?}");
    assert_eq!((fp32.latent, fp32.class), (bf16.latent, bf16.class));
}

#[test]
fn cutouts_are_measured_by_the_ruler_whatever_guides_the_dream() {
    let measured = |precision, ruler: bool| {
        let settings = DreamSettings { precision, ..settings() };
        let mut dreamer = dreamer(&settings);
        if ruler {
            dreamer = dreamer.with_ruler(models(Kind::Float).1);
        }
        let dream = dreamer.begin(&DreamSpec { settings, ..spec("a bear", 0, ADAM) }).unwrap();
        let (image, text) = (dreamer.image(&dream), dream.target.copy());
        dreamer.cutout_similarity(&dream, &image, &text.ones_like())
    };
    let in_single = measured(Precision::Fp32, false);
    assert_eq!(measured(Precision::Bf16, true), in_single);
    assert_ne!(measured(Precision::Bf16, false), in_single);
}

#[test]
fn what_cannot_be_dreamt_is_refused() {
    let dreamer = dreamer(&settings());
    let error = |change: &dyn Fn(&mut DreamSpec)| {
        let mut spec = spec("a bear", 0, ADAM);
        change(&mut spec);
        dreamer.begin(&spec).err().expect("an error").to_string()
    };
    insta::assert_snapshot!(error(&|spec| spec.prompt = Prompt::default()), @"the prompt has neither a text nor an image to approach");
    insta::assert_snapshot!(error(&|spec| spec.prompt = Prompt::approach("a bear | ")), @"the prompt `a bear|` has an empty text in it");
    let long = error(&|spec| spec.prompt = Prompt::approach(&"bear ".repeat(100)));
    assert!(long.starts_with("the text makes 402 tokens, CLIP reads 77: shorten it"), "{long}");
    insta::assert_snapshot!(error(&|spec| spec.prompt = Prompt::image("no/such.png")), @"failed to read image `no/such.png`: only PNG and JPEG files are supported");
    insta::assert_snapshot!(error(&|spec| spec.settings.max_classes = Some(1001)), @"max_classes is 1001, but must be at most 1000, the number of the generator's classes");
    insta::assert_snapshot!(error(&|spec| spec.settings.cutouts = 5), @"the dream differs in cutouts, gradient_accumulation, interpolation, precision or truncation from those of its batch");
    insta::assert_snapshot!(error(&|spec| spec.settings.ema_decay = 1.0), @"ema_decay is 1, but must be at least 0 and below 1");
}

#[test]
fn tf32_is_refused_on_the_cpu() {
    let (generator, clip) = models(Kind::Float);
    let settings = DreamSettings { precision: Precision::Tf32, ..settings() };
    let error = Dreamer::new(generator, clip, &settings).expect_err("precision is checked");
    insta::assert_snapshot!(error, @"precision `tf32` is for CUDA devices only: use `fp32` or `bf16` on the CPU");
}

/// Against the loss: a step's similarity term is that of the live image's cutouts, at the boxes of
/// that step.
#[test]
fn the_similarity_of_cutouts_is_the_losses() {
    for chunk in [3, 32] {
        let mut dreamer = dreamer(&settings());
        dreamer.clip_guidance.chunk = chunk; // one that divides the four cutouts, and one that holds them
        let mut dreams = [dreamer.begin(&spec("a bear", 0, ADAM)).unwrap()];
        walk(&dreamer, &mut dreams, 2);
        let target = dreams[0].target.copy();
        let expected =
            dreamer.cutout_similarity(&dreams[0], &dreamer.live_image(&dreams[0]), &(&target * 3.0));
        walk(&dreamer, &mut dreams, 1);
        let term = f64::from(dreams[0].take_trace()[2].loss.similarity);
        assert!((expected + term / 100.0).abs() < 1e-6, "{expected} {term}");
    }
}
