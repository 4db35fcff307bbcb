//! Other rounding of the initial latents.

use super::*;

#[test]
fn a_nudge_moves_every_latent_by_one_unit_in_the_last_place() {
    let dreamer = dreamer(&settings());
    let begin = || dreamer.begin(&spec("a bear", 3, ADAM)).unwrap();
    let numbers = |dream: &Dream| {
        let tensors = dream.latents.tensors();
        tensors.map(|tensor| Vec::<f32>::try_from(tensor.view(-1)).unwrap()).concat()
    };
    let drawn = numbers(&begin());
    let [one, again, other] = [1, 1, 2].map(|draw| numbers(&begin().nudged(draw)));
    assert_eq!(one, again);
    assert_ne!(one, other);
    let (mut up, mut down) = (0, 0);
    for (number, moved) in drawn.iter().zip(&one) {
        up += usize::from(*moved == number.next_up());
        down += usize::from(*moved == number.next_down());
    }
    assert_eq!(up + down, drawn.len());
    assert!(drawn.len() < 4 * up && drawn.len() < 4 * down, "{up} up, {down} down");
}

/// What keeps the latents that a dream began with keeps those that it was moved to.
#[test]
fn a_nudged_dream_begins_with_what_it_was_moved_to() {
    let dreamer = dreamer(&settings());
    let begin = || dreamer.begin(&spec("a bear", 3, r#"{ "prodigy": {} }"#)).unwrap();
    let (own, nudged) = (begin().state().unwrap(), begin().nudged(1).state().unwrap());
    let of = |state: &[(String, Tensor)], name: &str| {
        state.iter().find(|(other, _)| other == name).map(|(_, tensor)| tensor.copy()).unwrap()
    };
    let keeps = |(name, tensor): &&(String, Tensor)| name != "normu" && *tensor == of(&own, "normu");
    let keepers: Vec<&str> = own.iter().filter(keeps).map(|(name, _)| name.as_str()).collect();
    assert!(!keepers.is_empty(), "Prodigy measures how far it has come");
    for name in keepers {
        assert_eq!(of(&nudged, name), of(&nudged, "normu"), "{name}");
    }
}
