//! A dream's result does not depend on the batch it is computed in.

use super::*;

/// Distance of an image computed in a batch from the same one alone, relative to the largest pixel:
/// kernels differ by shape, and round otherwise. 1.1e-5 was the most measured over instruction
/// sets; two dreams are 1e-3 and more apart.
const ROUNDING: f64 = 1e-4;

/// A step small enough that rounding is not magnified much.
const GENTLE: &str = r#"{ "sgd": { "lr": 0.01 } }"#;

/// Other texts, seeds, optimizers, learning rates and those settings that may differ.
fn mixed_specs() -> [DreamSpec; 4] {
    let with = |spec: DreamSpec, change: fn(&mut DreamSettings)| {
        let mut settings = spec.settings.clone();
        change(&mut settings);
        DreamSpec { settings, ..spec }
    };
    [
        spec("a bear", 0, ADAM),
        with(spec("a cow|grass", 1, GENTLE), |settings| settings.max_classes = Some(2)),
        with(spec("a chair", 1, r#"{ "sgd": { "lr": 0.02, "momentum": 0.9 } }"#), |settings| {
            settings.center_bias = true;
        }),
        with(spec("a bear", 2, GENTLE), |settings| (settings.ema_decay, settings.loss_coef) = (0.5, 10.0)),
    ]
}

#[test]
fn dreams_become_the_same_in_any_company() {
    let dreamer = dreamer(&settings());
    let begin = || mixed_specs().map(|spec| dreamer.begin(&spec).unwrap());
    let mut batched = begin();
    walk(&dreamer, &mut batched, 4);
    let mut backwards = begin();
    backwards.reverse();
    walk(&dreamer, &mut backwards, 4);
    backwards.reverse();
    let mut apart = begin();
    apart.iter_mut().for_each(|dream| walk(&dreamer, std::slice::from_mut(dream), 4));

    for ((batched, backwards), apart) in batched.into_iter().zip(backwards).zip(apart) {
        let apart = whole(apart);
        assert_alike(&whole(batched), &apart);
        assert_alike(&whole(backwards), &apart);
    }
}

#[test]
fn images_of_several_dreams_are_each_ones_own() {
    let dreamer = dreamer(&settings());
    let mut dreams = mixed_specs().map(|spec| dreamer.begin(&spec).unwrap());
    walk(&dreamer, &mut dreams, 3);
    let together = dreamer.images(&dreams.each_ref());
    for (i, dream) in (0..).zip(&dreams) {
        let off = distance(&together.get(i), &dreamer.image(dream));
        println!("image {i}: {off:.1e}");
        assert!(off < ROUNDING, "image {i} is off by {off:e}");
    }
    assert!(distance(&together.get(0), &together.get(1)) > 1e-3);
}

/// Asserts equality up to rounding, which every step magnifies, Adam's most.
fn assert_alike(
    found: &(Vec<TraceRow>, Vec<(String, Tensor)>),
    expected: &(Vec<TraceRow>, Vec<(String, Tensor)>),
) {
    for (found, expected) in found.0.iter().zip(&expected.0) {
        assert!((found.loss.total - expected.loss.total).abs() < 1e-3, "{found:?} is not {expected:?}");
    }
    for ((name, found), (_, expected)) in found.1.iter().zip(&expected.1) {
        if ["normu", "cls", "ema.normu", "ema.cls"].contains(&name.as_str()) {
            assert!(distance(found, expected) < 1e-4, "{name}: {:e}", distance(found, expected));
        }
    }
}

#[test]
fn the_perceptors_chunks_leave_no_seams() {
    let with_chunk = |chunk| {
        let mut dreamer = dreamer(&settings());
        dreamer.clip_guidance.chunk = chunk;
        let mut dreams = [0, 1, 2].map(|seed| dreamer.begin(&spec("a bear", seed, SGD)).unwrap());
        walk(&dreamer, &mut dreams, 2);
        Tensor::stack(&dreams.each_ref().map(|dream| &dream.latents.normu), 0)
    };
    let whole = with_chunk(1000);
    for chunk in [1, 3, 4, 8] {
        assert!(distance(&with_chunk(chunk), &whole) < 1e-5, "chunks of {chunk}");
    }
}

#[test]
fn dreams_of_a_pack_may_be_at_different_steps() {
    let dreamer = dreamer(&settings());
    let begin = |seed| dreamer.begin(&spec("a bear", seed, ADAM)).unwrap();
    let mut dreams = [begin(0), begin(1)];
    walk(&dreamer, &mut dreams[..1], 3);
    walk(&dreamer, &mut dreams, 4);
    assert_eq!(dreams.each_mut().map(|dream| (dream.step(), dream.status())), [(4, Status::Finished); 2]);
}
