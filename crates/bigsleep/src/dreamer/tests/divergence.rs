//! A dream that diverges ends, and leaves its batch alone.

use super::*;

/// So large a step that the third finds infinite latents, or none that the networks can make
/// anything of.
const WILD: &str = r#"{ "sgd": { "lr": 1e30 } }"#;

#[test]
fn a_diverged_dream_stays_as_it_was_before() {
    let dreamer = dreamer(&settings());
    let mut dreams = [dreamer.begin(&spec("a bear", 0, WILD)).unwrap()];
    let mut finite = Vec::new();
    for _ in 0..4 {
        let [dream] = &dreams;
        finite.push([dream.latents.normu.copy(), dream.ema.average().normu]);
        dreamer.step(&mut dreams).unwrap();
    }
    let [mut dream] = dreams;
    let Status::Diverged { at_step } = dream.status() else { panic!("{:?}", dream.status()) };
    assert!(at_step < 4, "steps were taken in vain");
    let average = dream.ema.average().normu;
    assert_eq!([dream.latents.normu.copy(), average], finite[at_step as usize - 1]);
    assert_eq!(dream.step(), at_step - 1);
    assert_eq!(dream.take_trace().len() as u32, at_step - 1);
    for tensor in dream.latents.tensors() {
        assert!(bool::try_from(tensor.isfinite().all()).unwrap());
    }
}

/// Not a number in one place of one dream of three.
#[test]
fn the_others_of_the_pack_notice_nothing() {
    let dreamer = dreamer(&settings());
    let begin = || [0, 1, 2].map(|seed| dreamer.begin(&spec("a bear", seed, ADAM)).unwrap());
    let mut spoilt = begin();
    let mut finite = begin();
    walk(&dreamer, &mut spoilt, 1);
    walk(&dreamer, &mut finite, 1);
    let _ = spoilt[1].latents.normu.get(0).get(0).fill_(f64::NAN);
    walk(&dreamer, &mut spoilt, 3);
    walk(&dreamer, &mut finite, 3);

    assert_eq!(spoilt[1].status(), Status::Diverged { at_step: 2 });
    let [first, _, last] = spoilt;
    let [sound_first, _, sound_last] = finite;
    assert_eq!(whole(first), whole(sound_first));
    assert_eq!(whole(last), whole(sound_last));
}

#[test]
fn a_resumed_dream_stays_diverged() {
    let dreamer = dreamer(&settings());
    let spec = spec("a bear", 0, ADAM);
    let mut dreams = [dreamer.begin(&spec).unwrap()];
    walk(&dreamer, &mut dreams, 1);
    let _ = dreams[0].latents.cls.get(0).get(0).fill_(f64::INFINITY);
    walk(&dreamer, &mut dreams, 1);
    let state = dreams[0].state().unwrap();
    let mut resumed = [dreamer.resume(&spec, Weights::from_tensors("memory", state)).unwrap()];
    walk(&dreamer, &mut resumed, 1);
    assert_eq!((resumed[0].status(), resumed[0].step()), (Status::Diverged { at_step: 2 }, 1));
}

/// Whatever the optimizer makes of gradients that are not numbers: its state may be spoilt, the
/// dream is not.
#[test]
fn every_optimizer_is_stopped_in_time() {
    let dreamer = dreamer(&settings());
    for optimizer in OptimizerConfig::all() {
        let name = optimizer.name();
        let mut dreams =
            [dreamer.begin(&DreamSpec { optimizer: optimizer.into(), ..spec("a bear", 0, ADAM) }).unwrap()];
        walk(&dreamer, &mut dreams, 1);
        let [dream] = &mut dreams;
        let before = [copy(&dream.latents), dream.ema.average().tensors()];
        let _ = dream.target.fill_(f64::NAN);
        walk(&dreamer, &mut dreams, 2);
        let [dream] = &mut dreams;
        assert_eq!([copy(&dream.latents), dream.ema.average().tensors()], before, "{name}");
        assert_eq!(dream.status(), Status::Diverged { at_step: 2 }, "{name}");
    }
}

fn copy(latents: &Latents) -> [Tensor; 2] {
    latents.tensors().each_ref().map(Tensor::copy)
}
