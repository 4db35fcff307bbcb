//! Settings at the ends of their ranges: nothing panics, and what comes out is finite or a
//! divergence that is told.

use checkpoint::Weights;
use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use serde_json::{Map, Value, json};

use super::*;
use crate::{Interpolation, Precision};

const REALS: [f64; 19] = [
    -f32::MAX as f64,
    -1e20,
    -1.0,
    0.0,
    1e-45,
    1e-38,
    1e-8,
    0.5,
    0.999_999_9,
    0.999_999_999_999_999_9,
    1.0,
    1.000_000_1,
    2.0,
    1e10,
    1e19,
    1e30,
    1e38,
    3.4e38,
    f32::MAX as f64,
];
const WHOLES: [i64; 7] = [0, 1, 2, 5, 99, 1_000_000, i64::MAX];

/// Choices of a case, one after the other.
struct Choices<'c>(std::slice::Iter<'c, u8>);

impl Choices<'_> {
    fn of<T: Clone>(&mut self, options: &[T]) -> T {
        let choice = self.0.next().copied().unwrap_or_default();
        options[usize::from(choice) % options.len()].clone()
    }
}

/// The definition that a part of a schema refers to, or itself; of two, of which one is nothing,
/// the other.
fn meant<'s>(schema: &'s Value, node: &'s Value) -> &'s Value {
    let any = node["anyOf"].as_array().and_then(|any| any.iter().find(|one| one["type"] != "null"));
    let node = any.unwrap_or(node);
    let name = node["$ref"].as_str().and_then(|path| path.strip_prefix("#/$defs/"));
    name.map_or(node, |name| &schema["$defs"][name])
}

/// Any value within the bounds of a setting, extreme ones above all; none of what is no number and
/// no yes or no.
fn value(schema: &Value, node: &Value, choices: &mut Choices<'_>) -> Option<Value> {
    let node = meant(schema, node);
    let bound = |name: &str, otherwise| node[name].as_f64().unwrap_or(otherwise);
    let inside = |number: f64| {
        bound("minimum", f64::MIN) <= number
            && number <= bound("maximum", f64::MAX)
            && bound("exclusiveMinimum", f64::NEG_INFINITY) < number
            && number < bound("exclusiveMaximum", f64::INFINITY)
    };
    match node["type"].as_str()? {
        "number" => {
            Some(choices.of(&REALS.into_iter().filter(|&real| inside(real)).collect::<Vec<_>>()).into())
        }
        "integer" => {
            Some(choices.of(&WHOLES.into_iter().filter(|&one| inside(one as f64)).collect::<Vec<_>>()).into())
        }
        "boolean" => Some(choices.of(&[true, false]).into()),
        _ => None,
    }
}

/// An optimizer, some of whose settings are at the ends of their ranges.
fn extreme_optimizer(schema: &Value, choices: &mut Choices<'_>) -> Value {
    let variants = schema["oneOf"].as_array().expect("a variant for each optimizer");
    let (name, node) = choices.of(variants)["properties"]
        .as_object()
        .and_then(|map| map.iter().next().map(|(name, node)| (name.clone(), node.clone())))
        .expect("tagged by its name");
    let mut settings = Map::new();
    for (key, node) in meant(schema, &node)["properties"].as_object().into_iter().flatten() {
        let is_stated = key == "lr" || choices.of(&[true, false]);
        if let (true, Some(value)) = (is_stated, value(schema, node, choices)) {
            settings.insert(key.clone(), value);
        }
    }
    json!({ name: settings })
}

fn extreme_settings(choices: &mut Choices<'_>) -> DreamSettings {
    DreamSettings {
        epochs: 1,
        iterations: 6,
        cutouts: choices.of(&[1, 3]),
        interpolation: choices.of(&[Interpolation::Nearest, Interpolation::Bilinear, Interpolation::Lanczos]),
        center_bias: choices.of(&[false, true]),
        gradient_accumulation: choices.of(&[1, 2]),
        max_classes: choices.of(&[None, Some(1), Some(1000)]),
        class_temperature: choices.of(&[2.0, 0.001, 1000.0]),
        ema_decay: choices.of(&[0.99, 0.0, 0.999_999_999_999_999_9]),
        loss_coef: choices.of(&[100.0, 0.0, 1e-45, 1e6]),
        precision: choices.of(&[Precision::Fp32, Precision::Bf16]),
        ..DreamSettings::default()
    }
}

/// Computes a dream to its end, and takes it up from its state.
fn dream_of(spec: &DreamSpec) {
    let dreamer = dreamer(&spec.settings);
    let mut dreams = [dreamer.begin(spec).unwrap()];
    walk(&dreamer, &mut dreams, 6);
    let [mut dream] = dreams;
    let status = dream.status();
    let rows = dream.take_trace();
    let finite = |row: &TraceRow| row.loss.values().iter().all(|loss| loss.is_finite());
    match status {
        Status::Finished => assert!(rows.len() == 6 && rows.iter().all(finite), "{rows:?}"),
        Status::Diverged { at_step } => {
            assert!(rows.len() + 1 == at_step as usize && rows.iter().all(finite), "{at_step}: {rows:?}");
        }
        Status::Running => panic!("it has taken all its steps"),
    }
    for latents in dream.latents.tensors() {
        assert!(bool::try_from(latents.isfinite().all()).unwrap(), "latents are not finite: {status:?}");
    }
    assert_eq!(dreamer.image(&dream).size(), [3, 32, 32]);
    let state = Weights::from_tensors("state", dream.state().unwrap());
    assert_eq!(dreamer.resume(spec, state).unwrap().status(), status);
}

#[test]
fn settings_at_the_ends_of_their_ranges_end_well_and_spoil_nothing() {
    let schema = schemars::schema_for!(OptimizerConfig).to_value();
    let healthy = dreamer(&settings());
    let trace = || {
        let mut dreams = [healthy.begin(&spec("a bear", 0, ADAM)).unwrap()];
        walk(&healthy, &mut dreams, 2);
        dreams[0].take_trace()
    };
    let before = trace();
    let config = ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() };
    let run = TestRunner::new(config).run(&prop::collection::vec(any::<u8>(), 64), |bytes| {
        let mut choices = Choices(bytes.iter());
        let optimizer = extreme_optimizer(&schema, &mut choices);
        let Ok(config) = serde_json::from_value::<OptimizerConfig>(optimizer.clone()) else {
            return Ok(()); // settings that do not go together: told when they are read
        };
        let settings = extreme_settings(&mut choices);
        let spec =
            DreamSpec { prompt: Prompt::approach("a bear"), seed: 0, optimizer: config.into(), settings };
        let computed = torch_ext::catch_panic(|| dream_of(&spec));
        prop_assert_eq!(computed, Ok(()), "{} {:?}", optimizer, spec.settings);
        prop_assert_eq!(trace(), before.clone(), "after {} {:?}", optimizer, spec.settings);
        Ok(())
    });
    run.unwrap();
}
