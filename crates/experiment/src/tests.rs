use std::collections::BTreeMap;

use model_sets::{Identity, LabelChoice};
use proptest::prelude::*;

use super::*;
use crate::plan::{Plan, PlanError, Selection};

fn parse(rest: &str) -> Experiment {
    let text = format!("name = \"test\"\nmodels = [\"none\"]\n{rest}");
    Experiment::parse("test.toml", &text).map_err(|error| error.to_string()).unwrap()
}

fn plan(experiment: &Experiment) -> Plan {
    Plan::new(experiment, &Identity::new("none", BTreeMap::new())).unwrap()
}

fn ids(experiment: &Experiment) -> Vec<String> {
    plan(experiment).cells.into_iter().map(|cell| cell.id).collect()
}

#[test]
fn lists_multiply_and_the_order_is_the_files() {
    let experiment = parse(
        r#"
        prompts = ["b", "a"]
        seeds = [1, 0]
        dream = { ema_decay = [0.99, 0.5] }
        optimizer = { sgd = { lr = 15 }, adam = { lr = [0.1, 0.02], beta1 = [0.9, 0.5] } }
        "#,
    );
    let ids = ids(&experiment);
    assert_eq!(ids.len(), 2 * 2 * 2 * (1 + 4));
    insta::assert_snapshot!(ids[..10].join("\n"), @"
    b/sgd/ema_decay-0.99/seed-1
    b/sgd/ema_decay-0.99/seed-0
    b/sgd/ema_decay-0.5/seed-1
    b/sgd/ema_decay-0.5/seed-0
    b/adam-lr-0.1-beta1-0.9/ema_decay-0.99/seed-1
    b/adam-lr-0.1-beta1-0.9/ema_decay-0.99/seed-0
    b/adam-lr-0.1-beta1-0.9/ema_decay-0.5/seed-1
    b/adam-lr-0.1-beta1-0.9/ema_decay-0.5/seed-0
    b/adam-lr-0.1-beta1-0.5/ema_decay-0.99/seed-1
    b/adam-lr-0.1-beta1-0.5/ema_decay-0.99/seed-0
    ");
}

#[test]
fn exclusions_need_all_their_keys() {
    let experiment = parse(
        r#"
        prompts = ["a", "b"]
        seeds = [0, 1]
        exclude = [{ prompt = "a", seed = 1 }, { optimizer = "adam lr=0.1", prompt = ["a", "b"] }]
        optimizer = { adam = { lr = [0.1, 0.02] } }
        "#,
    );
    insta::assert_snapshot!(ids(&experiment).join("\n"), @"
    a/adam-lr-0.02/seed-0
    b/adam-lr-0.02/seed-0
    b/adam-lr-0.02/seed-1
    ");
}

#[test]
fn a_cell_keeps_its_path_and_digest_when_others_join() {
    let few = parse("prompts = [\"a\"]\noptimizer.adam = { lr = 1 }");
    let many = parse(
        "prompts = [\"z\", \"a\"]\nseeds = [3, 0]\noptimizer = { sgd = { lr = 2 }, adam = { lr = 1.0 } }",
    );
    let cell = &plan(&few).cells[0];
    let same = plan(&many).cells.into_iter().find(|other| other.id == cell.id).unwrap();
    assert_eq!(same.digest, cell.digest);
}

/// A cosine in a curve is the similarity loss over both.
#[test]
fn a_record_counts_the_texts_and_has_the_coefficient() {
    let experiment = parse(
        r#"
        prompts = ["a", "a | b", { text = "a, not b", avoid = "c | d", image = "e|f.png" }]
        dream.loss_coef = 50
        optimizer.adam = { lr = 1 }
        "#,
    );
    let texts = |prompt: usize| {
        let mut alone = experiment.clone();
        alone.prompts = vec![PromptEntry { image: None, ..experiment.prompts[prompt].clone() }];
        let cell = plan(&alone).cells.remove(0);
        let record = cell.record(records::CellStatus::Unfinished).unwrap();
        assert_eq!(record.cosine_scale(), cell.cosine_scale());
        assert_eq!(record.cosine_scale().loss_coef, 50.0);
        record.texts.map(|texts| (texts.approach, texts.avoid))
    };
    assert_eq!([texts(0), texts(1), texts(2)], [Some((1, 0)), Some((2, 0)), Some((1, 2))]);
}

/// A new optimizer is appended there, and has a look of its own in figures.
#[test]
fn every_optimizer_has_its_place_in_the_list_that_decides_looks() {
    let mut known = optim::OptimizerConfig::NAMES.to_vec();
    let mut listed = records::OPTIMIZERS.to_vec();
    known.sort_unstable();
    listed.sort_unstable();
    assert_eq!(listed, known);
}

#[test]
fn whatever_decides_a_result_is_in_its_digest() {
    let digest = |rest: &str| plan(&parse(rest)).cells[0].digest.clone();
    let base = "prompts = [\"a\"]\noptimizer.adam = { lr = 1 }\n";
    let mut digests = vec![
        digest(base),
        digest("prompts = [\"b\"]\noptimizer.adam = { lr = 1 }"),
        digest("prompts = [{ text = \"a\", avoid = \"b\" }]\noptimizer.adam = { lr = 1 }"),
        digest("prompts = [\"a\"]\noptimizer.adam = { lr = 2 }"),
        digest("prompts = [\"a\"]\noptimizer.adamw = { lr = 1 }"),
        digest(&format!("{base}seeds = [1]")),
        digest(&format!("{base}dream.cutouts = 4")),
    ];
    for judged in ["labels.a = \"b\"", "template = \"{}\""] {
        assert_eq!(digest(&format!("{base}{judged}")), digests[0], "no part of the dream: {judged}");
    }
    digests.sort();
    digests.dedup();
    assert_eq!(digests.len(), 7);
}

proptest! {
    #[test]
    fn spellings_of_numbers_and_orders_of_keys_change_nothing(
        (lr, cutouts) in (1..10_000_u32, 1..4096_u32),
        [a, b, c] in [0..4_usize, 0..4, 0..2],
        turned in any::<bool>(),
    ) {
        let spelled = |number: u32, how: usize| match how {
            0 => number.to_string(),
            1 => format!("{number}.0"),
            2 => format!("{number}e0"),
            _ => format!("+{number}.00"),
        };
        let cell = |lr: &str, cutouts: &str, turned: bool| {
            let mut lines = [format!("optimizer.adam = {{ lr = [{lr}], beta1 = 0.5 }}"), format!("dream.cutouts = [{cutouts}]")];
            if turned {
                lines = [lines[1].clone(), format!("optimizer.adam = {{ beta1 = 5e-1, lr = [{lr}] }}")];
            }
            plan(&parse(&format!("prompts = [\"a\"]\n{}", lines.join("\n")))).cells.remove(0)
        };
        let plain = cell(&lr.to_string(), &cutouts.to_string(), false);
        let hexadecimal = [cutouts.to_string(), format!("0x{cutouts:x}")];
        let other = cell(&spelled(lr, a), &hexadecimal[c], turned);
        prop_assert_eq!(&other.digest, &plain.digest);
        prop_assert_eq!(&other.id, &plain.id);
        prop_assert_eq!(&other.optimizer_label, &plain.optimizer_label);
        let next = cell(&spelled(lr + 1, b), &cutouts.to_string(), turned);
        prop_assert_ne!(&next.digest, &plain.digest);
    }
}

#[test]
fn two_cells_that_are_the_same_are_refused() {
    let experiment = parse("prompts = [\"a\"]\noptimizer.adam = { lr = [1, 2] }");
    let twice = Experiment { optimizers: vec![experiment.optimizers[0].clone(); 2], ..experiment.clone() };
    let models = Identity::new("mini", BTreeMap::new());
    assert!(matches!(Plan::new(&twice, &models), Err(PlanError::SameFolder { .. })));
    let mut respelled = experiment;
    respelled.optimizers[1].settings = respelled.optimizers[0].settings.clone();
    let error = Plan::new(&respelled, &models).unwrap_err();
    assert!(matches!(error, PlanError::SameCell { .. }), "{error}");
}

#[test]
fn overrides_reach_into_inline_tables_and_make_missing_ones() {
    let text =
        "name = \"test\"\nmodels = [\"none\"]\nprompts = [\"a\"]\n[optimizer]\nadam = { lr = 1 } # kept\n";
    let overrides = ["optimizer.adam.lr=0.02", "dream.cutouts=4", "seeds=[4, 5]", "template={} alone"];
    let overrides: Vec<Override> = overrides.iter().map(|one| one.parse().unwrap()).collect();
    let layers = Layers::new("test.toml", text).with_overrides(&overrides);
    let experiment = layers.read().map_err(|error| error.to_string()).unwrap();
    assert!(experiment.text.contains("# kept"), "{}", experiment.text);
    assert_eq!(experiment.seeds, Seeds::Shared(vec![4, 5]));
    assert_eq!(experiment.template, "{} alone");
    assert_eq!(experiment.dreams[0].settings.cutouts, 4);
    assert!(format!("{:?}", experiment.optimizers[0].settings).contains("0.02"));
}

#[test]
fn shards_are_a_partition_of_the_selected_cells() {
    let plan = plan(&parse("prompts = [\"a\", \"b\", \"c\"]\nseeds = [0, 1, 2]\noptimizer.adam = {}"));
    let only = vec!["[ab]/*".to_owned()];
    let mut seen = Vec::new();
    for shard in ["1/4", "2/4", "3/4", "4/4"] {
        let selection = Selection { only: only.clone(), shard: Some(shard.parse().unwrap()) };
        seen.extend(selection.of(&plan.cells).unwrap().iter().map(|cell| cell.id.clone()));
    }
    seen.sort();
    let all: Vec<_> =
        plan.cells.iter().map(|cell| cell.id.clone()).filter(|id| !id.starts_with('c')).collect();
    assert_eq!(seen, all);
}

#[test]
fn an_evaluation_has_the_experiments_template_unless_it_says_otherwise() {
    let base = "prompts = [\"a\", \"b\"]\ntemplate = \"{}\"\noptimizer.adam = {}\n";
    let plain = parse(base);
    assert_eq!((plain.evaluation.labels, plain.evaluation.template.as_str()), (None, "{}"));
    let text = format!(
        "{base}[evaluation]\nlabels = [\"x\", \"y\"]\ntemplate = \"a {{}}\"\n[evaluation.segments]\nb = \"bird\""
    );
    let stated = parse(&text);
    assert_eq!(stated.evaluation.labels, Some(LabelChoice::These(vec!["x".into(), "y".into()])));
    assert_eq!(stated.evaluation.template, "a {}");
    let segments: Vec<_> = stated.prompts.iter().map(|prompt| prompt.segment.as_deref()).collect();
    assert_eq!(segments, [None, Some("bird")]);
    // Judging decides nothing of what a cell computes.
    assert_eq!(plan(&parse(base)).cells[1].digest, plan(&parse(&text)).cells[1].digest);
}

#[test]
fn a_model_sets_settings_hold_where_the_experiment_states_none() {
    let manifest = "name = \"m\"\n[dream]\ncutouts = 16\niterations = 7\n";
    let of_models = |rest: &str| parse(rest).over_models("manifest.toml", manifest).unwrap();
    let base = "prompts = [\"a\"]\noptimizer.adam = {}\n";
    let stated = of_models(&format!("{base}[dream]\niterations = [1, 2] # mine\n"));
    let iterations: Vec<u32> = stated.dreams.iter().map(|dream| dream.settings.iterations).collect();
    assert_eq!((stated.dreams[0].settings.cutouts, iterations), (16, vec![1, 2]));
    assert!(stated.text.contains("# mine") && stated.text.contains("cutouts = 16"), "{}", stated.text);
    let bare = of_models(base);
    assert_eq!((bare.dreams[0].settings.cutouts, bare.dreams[0].settings.iterations), (16, 7));
}

fn with_seeds(seeds: &str) -> Result<Experiment, Box<ExperimentError>> {
    let text = format!(
        "name = \"a\"\nmodels = [\"mini\"]\nprompts = [\"cow\", \"dog\", \"cat\"]\nseeds = {seeds}\n[optimizer]\nsgd = {{}}\nadam = {{}}\n"
    );
    Experiment::parse("a.toml", &text)
}

#[test]
fn every_prompt_may_have_seeds_of_its_own() {
    let experiment = with_seeds("{ per_prompt = 2, from = 10 }").unwrap();
    let plan = Plan::new(&experiment, &Identity::new("mini", BTreeMap::new())).unwrap();
    let of = |prompt: &str| -> Vec<u64> {
        let cells = plan.cells.iter().filter(|cell| cell.prompt.text == prompt);
        cells.filter(|cell| cell.optimizer_label == "adam").map(|cell| cell.seed).collect()
    };
    assert_eq!([of("cow"), of("dog"), of("cat")], [[10, 11], [12, 13], [14, 15]].map(Vec::from));
    assert_eq!(plan.record.seeds, [10, 11, 12, 13, 14, 15]);
    assert_eq!(with_seeds("{ per_prompt = 1 }").unwrap().seeds.of_prompt(2), [2], "from 0 on");
}

#[test]
fn seeds_of_a_prompt_can_be_excluded() {
    let text = "name = \"a\"\nmodels = [\"mini\"]\nprompts = [\"cow\", \"dog\"]\nseeds = { per_prompt = 2 }\n\
                exclude = [{ seed = 2 }, { seed = 0, optimizer = \"sgd\" }]\n[optimizer]\nsgd = {}\nadam = {}\n";
    let experiment = Experiment::parse("a.toml", text).unwrap();
    let plan = Plan::new(&experiment, &Identity::new("mini", BTreeMap::new())).unwrap();
    let seeds: Vec<_> = plan.cells.iter().map(|cell| (cell.optimizer.name(), cell.seed)).collect();
    assert_eq!(seeds, [("sgd", 1), ("adam", 0), ("adam", 1), ("sgd", 3), ("adam", 3)]);
}

#[test]
fn refuses_seeds_of_each_prompt_that_are_none() {
    let cases = [
        ("{ per_prompt = 0 }", "`per_prompt` is 0"),
        ("{ from = 3 }", "per_prompt"),
        ("{ per_prompt = 1, from = -1 }", "from 0 to"),
        ("{ per_prompt = 1, form = 1 }", "form"),
        ("{ per_prompt = 1, from = 9223372036854775805 }", "go beyond"),
        ("{ per_prompt = 40000 }", "240,000 cells"),
        ("3", "a list such as [0, 1]"),
        ("[]", "empty list"),
    ];
    for (seeds, told) in cases {
        let error = with_seeds(seeds).unwrap_err().to_string();
        assert!(error.contains(told), "{seeds}: {error}");
    }
}
