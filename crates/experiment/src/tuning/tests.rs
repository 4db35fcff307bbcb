use std::collections::BTreeMap;

use model_sets::Identity;

use super::*;
use crate::plan::Plan;
use crate::{Experiment, ExperimentError};

const TUNED: &str = r#"
name = "fair"
models = ["mini"]
prompts = ["cow", "dog"]
seeds = { per_prompt = 1 }

[dream]
iterations = 10

[optimizer]
sgd = { lr = { tune = [1.5, 150] }, momentum = 0.9 }
adam = { lr = { tune = [0.005, 0.5] } }
prodigy = {}

[tuning]
prompts = ["apple", "bed"]
seeds = { per_prompt = 2, from = 1_000_000 }
also = { adam = { lr = 0.05 }, sgd = { lr = 15 } }

[labels]
cow = "cattle"
bed = "couch"
"#;

fn read(text: &str) -> Result<Experiment, Box<ExperimentError>> {
    Experiment::parse("fair.toml", text)
}

fn ids(experiment: &Experiment) -> Vec<String> {
    let plan = Plan::new(experiment, &Identity::new("mini", BTreeMap::new())).unwrap();
    plan.cells.into_iter().map(|cell| cell.id).collect()
}

#[test]
fn trials_have_prompts_seeds_and_a_folder_of_their_own() {
    let experiment = read(TUNED).unwrap();
    let tuning = experiment.tuning.as_ref().unwrap();
    let trials = tuning.first_trials();
    assert_eq!(trials.len(), 5 + 5 + 1);
    let stage = tuning.stage(&experiment, &trials);
    let ids = ids(&stage);
    assert_eq!(ids.len(), 11 * 2 * 2);
    assert_eq!(ids[0], "tuning/apple/sgd-lr-1.5/seed-1000000");
    assert!(ids.contains(&"tuning/bed/adam-lr-0.158/seed-1000003".to_owned()), "{ids:?}");
    assert!(ids.contains(&"tuning/bed/prodigy/seed-1000002".to_owned()), "{ids:?}");
    assert_eq!(stage.prompts[1].class_name, "couch", "labels hold for tuning prompts, too");
    let fixed = toml::Value::try_from(&stage.optimizers[1].settings).unwrap();
    assert_eq!(fixed["sgd"]["momentum"].as_float(), Some(0.9));
    assert_eq!(fixed["sgd"]["lr"].as_float(), Some(4.74));
}

#[test]
fn what_was_chosen_is_tested_with_what_is_given() {
    let experiment = read(TUNED).unwrap();
    let tuning = experiment.tuning.as_ref().unwrap();
    let trials = tuning.first_trials();
    let choice = |optimizer, trial| Choice { optimizer, trial, edge: None };
    // The third of adam is 0.05, which is also given: the same is not tested twice.
    let tested = tuning.tested(&experiment, &trials, &[choice(0, 3), choice(1, 7), choice(2, 10)]);
    let shown = |variant: &Variant<AnyOptimizer>| {
        let settings = toml::Table::try_from(&variant.settings).unwrap();
        (
            variant.label(),
            settings[variant.settings.name()].get("lr").and_then(toml::Value::as_float).unwrap(),
        )
    };
    let shown: Vec<_> = tested.optimizers.iter().map(shown).collect();
    let expected = [("sgd", 47.4), ("adam", 0.05), ("prodigy", 1.0), ("sgd as given", 15.0)];
    assert_eq!(shown, expected.map(|(name, lr)| (name.to_owned(), lr)));
    assert_eq!(ids(&tested)[3], "cow/sgd-as-given/seed-0");
    assert_eq!(tested.prompts[0].class_name, "cattle");
    let as_given = [3, 7, 10].map(|trial| tuning.is_as_given(&experiment, &trials[trial]));
    assert_eq!(as_given, [false, true, false]);
}

fn scored(means: &[f64]) -> Vec<Scored> {
    means.iter().map(|&mean| Scored { mean, prompts: vec![mean], diverged: 0 }).collect()
}

#[test]
fn the_best_mean_is_chosen_and_of_equal_ones_the_smaller_value() {
    let trial = |optimizer, value| Trial { optimizer, values: vec![value] };
    let trials = [trial(0, 1.0), trial(0, 2.0), trial(0, 4.0), trial(1, 8.0), trial(1, 3.0), trial(1, 5.0)];
    let chosen = choose(&trials, &scored(&[0.1, 0.3, 0.2, 0.4, 0.4, 0.1]));
    assert_eq!(
        chosen,
        [
            Choice { optimizer: 0, trial: 1, edge: None },
            Choice { optimizer: 1, trial: 4, edge: Some(Edge::Low) }
        ]
    );
    let highest = choose(&trials[..3], &scored(&[0.1, 0.2, 0.3]));
    assert_eq!(highest[0].edge, Some(Edge::High));
}

#[test]
fn a_range_is_extended_at_its_edge_as_often_as_is_said() {
    let text = TUNED.replace("points = 5", "").replace("[labels]", "extend = 2\n[labels]");
    let experiment = read(&text.replace("also = ", "points = 3\nalso = ")).unwrap();
    let tuning = experiment.tuning.as_ref().unwrap();
    let mut trials = tuning.first_trials();
    let mut tried = Vec::new();
    for _ in 0..4 {
        // The higher, the better for sgd; the middle for adam.
        let score = |trial: &Trial| match trial.optimizer {
            0 => trial.values[0],
            1 => -(trial.values[0] - 0.05).abs(),
            _ => 0.0,
        };
        let choices = choose(&trials, &scored(&trials.iter().map(score).collect::<Vec<_>>()));
        let more = tuning.extension(&experiment, &trials, &choices);
        tried.extend(more.iter().map(|trial| (trial.optimizer, trial.values[0])));
        trials.extend(more);
    }
    assert_eq!(tried, [(0, 1500.0), (0, 15000.0)]);
}

#[test]
fn nothing_is_tried_out_of_a_settings_range() {
    let text =
        TUNED.replace("adam = { lr = { tune = [0.005, 0.5] } }", "adam = { beta1 = { tune = [0.5, 0.99] } }");
    let experiment = read(&text).unwrap();
    let tuning = experiment.tuning.as_ref().unwrap();
    let trials = tuning.first_trials();
    let best_at = |trial: usize| [Choice { optimizer: 1, trial, edge: Some(Edge::High) }];
    assert_eq!(tuning.extension(&experiment, &trials, &best_at(9)), [], "beta1 is below 1");
}

#[test]
fn a_diverged_trial_has_the_least_score_of_its_prompt_and_seed() {
    let runs = [
        vec![vec![Some(0.3)], vec![Some(0.1)]],
        vec![vec![None], vec![Some(0.5)]],
        vec![vec![Some(0.2)], vec![None]],
    ];
    let scored = Scored::of(&runs).unwrap();
    assert_eq!(
        scored.iter().map(|one| one.prompts.clone()).collect::<Vec<_>>(),
        [[0.3, 0.1], [0.2, 0.5], [0.2, 0.1]]
    );
    assert_eq!(scored.iter().map(|one| one.diverged).collect::<Vec<_>>(), [0, 1, 1]);
    assert_eq!(Scored::of(&[vec![vec![None]], vec![vec![None]]]), None);
}

#[test]
fn refuses_what_cannot_be_tuned() {
    let with = |from: &str, to: &str| {
        let text = TUNED.replace(from, to);
        assert_ne!(text, TUNED, "{from}");
        read(&text).unwrap_err().to_string()
    };
    let cases = [
        ("tune = [1.5, 150]", "tune = [150, 1.5]", "to a larger one"),
        ("tune = [1.5, 150]", "tune = [0, 150]", "above 0"),
        ("tune = [1.5, 150]", "tune = [1]", "two ends"),
        ("tune = [1.5, 150]", "tune = [1, inf]", "to a larger one"),
        ("{ tune = [1.5, 150] }", "{ tune = [1.5, 150], log = true }", "log"),
        ("tune = [1.5, 150]", "tune = [1.5, 1e300]", "lr is 1e300"),
        ("adam = { lr = {", "adam = { nope = {", "nope"),
        ("\"apple\"", "\"cow\"", "for both tuning and testing"),
        ("from = 1_000_000", "from = 1", "seed 1 is used for both tuning and testing"),
        ("[labels]", "points = 1\n[labels]", "`points` is 1"),
        ("[labels]", "extend = 1000\n[labels]", "`extend` is 1000"),
        ("also = { adam = { lr = 0.05 }", "also = { adam = { lr = { tune = [1, 2] } }", "fixed settings"),
        ("also = { adam", "also = { adamm", "unknown optimizer"),
        ("also =", "als =", "als"),
    ];
    for (from, to, told) in cases {
        let error = with(from, to);
        assert!(error.contains(told), "{to}: {error}");
    }
    let plain = TUNED.replace("{ tune = [1.5, 150] }", "15").replace("{ tune = [0.005, 0.5] }", "0.05");
    assert!(read(&plain).unwrap_err().to_string().contains("nothing is tuned"));
    let (before, after) = (TUNED.find("[tuning]").unwrap(), TUNED.find("[labels]").unwrap());
    let without = format!("{}{}", &TUNED[..before], TUNED[after..].replace("bed = \"couch\"", ""));
    assert!(read(&without).unwrap_err().to_string().contains("there is no `[tuning]`"));
}
