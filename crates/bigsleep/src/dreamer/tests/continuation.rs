//! A dream goes on where it was left, to the bit.

use super::*;

#[test]
fn a_resumed_dream_goes_on_bit_for_bit() {
    let dreamer = dreamer(&settings());
    for optimizer in OptimizerConfig::all() {
        let spec = DreamSpec { optimizer: optimizer.into(), ..spec("a bear", 0, ADAM) };
        let mut unbroken = [dreamer.begin(&spec).unwrap()];
        walk(&dreamer, &mut unbroken, 2);
        let rows = unbroken[0].take_trace();
        let state = unbroken[0].state().unwrap();
        walk(&dreamer, &mut unbroken, 2);

        let mut resumed = [dreamer.resume(&spec, Weights::from_tensors("memory", state)).unwrap()];
        assert_eq!((resumed[0].step(), rows.len()), (2, 2));
        walk(&dreamer, &mut resumed, 2);
        let ([unbroken], [resumed]) = (unbroken, resumed);
        assert_eq!(dreamer.image(&unbroken), dreamer.image(&resumed), "{}", spec.optimizer.name());
        assert_eq!(whole(unbroken), whole(resumed), "{}", spec.optimizer.name());
    }
}

#[test]
fn a_state_survives_a_file() {
    let dreamer = dreamer(&settings());
    let spec = spec("a bear", 0, ADAM);
    let mut dreams = [dreamer.begin(&spec).unwrap()];
    walk(&dreamer, &mut dreams, 1);
    let state = dreams[0].state().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state.safetensors");
    let tensors: Vec<_> = state.iter().map(|(name, tensor)| (name.as_str(), tensor)).collect();
    checkpoint::write_safetensors(&path, &tensors, &std::collections::BTreeMap::new()).unwrap();
    let mut resumed = dreamer.resume(&spec, Weights::open(&path).unwrap()).unwrap();
    assert_eq!(resumed.state().unwrap(), state);
}

#[test]
fn a_state_of_something_else_is_refused() {
    let dreamer = dreamer(&settings());
    let error = |saved_with: &str, change: fn(&mut Vec<(String, Tensor)>)| {
        let mut state = dreamer.begin(&spec("a bear", 0, saved_with)).unwrap().state().unwrap();
        change(&mut state);
        let state = Weights::from_tensors("state.safetensors", state);
        let error = dreamer.resume(&spec("a bear", 0, ADAM), state).err().expect("an error");
        let cause = std::error::Error::source(&error).map(|cause| format!(": {cause}"));
        format!("{error}{}", cause.unwrap_or_default())
    };
    insta::assert_snapshot!(error(SGD, |_| ()), @r"
    the saved state is not one of this dream: `state.safetensors` does not fit the model: use the file of exactly this model, or rename its tensors
      missing (4):
        optimizer.exp_avg.0
        optimizer.exp_avg.1
        optimizer.exp_avg_sq.0
        optimizer.exp_avg_sq.1
    ");
    insta::assert_snapshot!(error(ADAM, |state| state[0].1 = Tensor::from(-3_i64)), @"the saved state is damaged: `step` is -3");
    insta::assert_snapshot!(error(ADAM, |state| state.retain(|(name, _)| name != "normu")), @r"
    the saved state is not one of this dream: `state.safetensors` does not fit the model: use the file of exactly this model, or rename its tensors
      missing (1):
        normu
    ");
}

/// Two walks of the same dream, with as many threads: what an unbroken run on the CPU can be
/// compared by.
#[test]
fn a_dream_is_the_same_every_time() {
    let walk_once = || {
        let dreamer = dreamer(&settings());
        let mut dreams = [dreamer.begin(&spec("a bear", 0, ADAM)).unwrap()];
        tch::set_num_threads(2);
        walk(&dreamer, &mut dreams, 4);
        let [dream] = dreams;
        whole(dream)
    };
    assert_eq!(walk_once(), walk_once());
}
