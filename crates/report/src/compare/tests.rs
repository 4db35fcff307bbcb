//! Two results folders of synthetic records.

use records::{CellStatus, ResultsFolder};

use super::*;
use crate::fixture::{Grid, Results};

/// The report's experiment, its similarities `higher` by so much.
fn run(seeds: &[u64], higher: fn(usize, u64) -> f64) -> Results {
    let grid = Grid { seeds: seeds.to_vec(), steps: 20, ..Grid::table_2() };
    let results = grid.write();
    let folder = ResultsFolder::at(results.path());
    for mut record in folder.cells(&folder.plan().unwrap()).unwrap() {
        let optimizer = grid.optimizers.iter().position(|name| *name == record.optimizer).unwrap();
        if let CellStatus::Finished(outcome) = &mut record.status {
            outcome.similarity_averaged += higher(optimizer, record.seed) / 100.0;
        }
        folder.cell(&record.id).write_record(&record).unwrap();
    }
    results
}

fn compared(left: &Results, right: &Results) -> Comparison {
    Comparison::of(left.path(), right.path()).unwrap()
}

fn said(comparison: &Comparison, left: &Results, right: &Results) -> String {
    let said = comparison.to_string().replace(&left.path().display().to_string(), "LEFT");
    said.replace(&right.path().display().to_string(), "RIGHT")
}

/// Two runs of which one lacks cells, has another's image, other settings, and a divergence.
fn two_runs() -> (Results, Results) {
    let (left, right) = (run(&[0], |_, _| 0.0), run(&[0], |optimizer, _| 0.5 - 0.25 * optimizer as f64));
    right.end(
        "bicycle/sgd/seed-0",
        CellStatus::Diverged { at_step: 11, seconds: 1.0, similarity_initial: None },
    );
    right.forget("chair/adam/seed-0");
    left.forget("cow/adam/seed-0");
    let folder = ResultsFolder::at(right.path());
    for id in ["motorbike/adam/seed-0", "motorbike/sgd/seed-0"] {
        let mut record = folder.cell(id).record().unwrap().unwrap();
        record.dream.insert("cutouts".into(), toml::Value::Integer(64));
        record.dream.insert("epochs".into(), toml::Value::Integer(5));
        folder.cell(id).write_record(&record).unwrap();
    }
    std::fs::copy(
        folder.cell("motorbike/adam/seed-0").final_image(),
        folder.cell("bicycle/adam/seed-0").final_image(),
    )
    .unwrap();
    (left, right)
}

#[test]
fn two_runs_are_put_side_by_side() {
    let (left, right) = two_runs();
    insta::assert_snapshot!(said(&compared(&left, &right), &left, &right), @r"
    left   LEFT: optimizers, model set mini, 23 of 24 cells finished
    right  RIGHT: optimizers, model set mini, 22 of 24 cells finished
    22 cells in both
    only left: chair/adam/seed-0
    only right: cow/adam/seed-0

    Settings that differ
      dream.cutouts: (not set) → 64 (motorbike/adam/seed-0, motorbike/sgd/seed-0)
      dream.epochs: 10 → 5 (motorbike/adam/seed-0, motorbike/sgd/seed-0)

    Similarity: 100 × cosine of the final image with its class name

    | cell                      |  left |               right | difference | image   |
    |---------------------------|-------|---------------------|------------|---------|
    | bicycle/adadelta/seed-0   | 35.56 |               36.06 |      +0.50 | same    |
    | bicycle/adagrad/seed-0    | 39.09 |               39.34 |      +0.25 | same    |
    | bicycle/adam/seed-0       | 40.59 |               40.59 |       0.00 | differs |
    | bicycle/adamw/seed-0      | 38.19 |               37.94 |      −0.25 | same    |
    | bicycle/rmsprop/seed-0    | 39.56 |               39.06 |      −0.50 | same    |
    | bicycle/sgd/seed-0        | 37.78 | diverged at step 11 |          — | —       |
    | chair/adadelta/seed-0     | 40.75 |               41.25 |      +0.50 | same    |
    | chair/adagrad/seed-0      | 41.41 |               41.66 |      +0.25 | same    |
    | chair/adamw/seed-0        | 44.28 |               44.03 |      −0.25 | same    |
    | chair/rmsprop/seed-0      | 43.84 |               43.34 |      −0.50 | same    |
    | chair/sgd/seed-0          | 38.78 |               38.03 |      −0.75 | same    |
    | cow/adadelta/seed-0       | 37.59 |               38.09 |      +0.50 | same    |
    | cow/adagrad/seed-0        | 36.28 |               36.53 |      +0.25 | same    |
    | cow/adamw/seed-0          | 37.91 |               37.66 |      −0.25 | same    |
    | cow/rmsprop/seed-0        | 37.28 |               36.78 |      −0.50 | same    |
    | cow/sgd/seed-0            | 35.59 |               34.84 |      −0.75 | same    |
    | motorbike/adadelta/seed-0 | 37.88 |               38.38 |      +0.50 | same    |
    | motorbike/adagrad/seed-0  | 37.91 |               38.16 |      +0.25 | same    |
    | motorbike/adam/seed-0     | 38.75 |               38.75 |       0.00 | same    |
    | motorbike/adamw/seed-0    | 38.25 |               38.00 |      −0.25 | same    |
    | motorbike/rmsprop/seed-0  | 38.78 |               38.28 |      −0.50 | same    |
    | motorbike/sgd/seed-0      | 37.16 |               36.41 |      −0.75 | same    |

    Means over the cells that both finished

    | optimizer | cells |  left | right | difference | 95 % interval |
    |-----------|-------|-------|-------|------------|---------------|
    | adadelta  |     4 | 37.95 | 38.45 |      +0.50 |             — |
    | adagrad   |     4 | 38.67 | 38.92 |      +0.25 |             — |
    | adam      |     2 | 39.67 | 39.67 |       0.00 |             — |
    | adamw     |     4 | 39.66 | 39.41 |      −0.25 |             — |
    | rmsprop   |     4 | 39.87 | 39.37 |      −0.50 |             — |
    | sgd       |     3 | 37.18 | 36.43 |      −0.75 |             — |
    | all       |    21 | 38.87 | 38.76 |      −0.11 |             — |

    Intervals (by sign flips): prompts are the units, and the runs of a prompt are averaged; below 6 prompts there is none.

    Ended differently
      bicycle/sgd/seed-0: finished → diverged at step 11

    Byte-identical images: 20 of 21
    ");
}

#[test]
fn two_runs_are_compared_for_programs() {
    let (left, right) = two_runs();
    let comparison = compared(&left, &right);
    let csv = comparison.csv().unwrap();
    insta::assert_snapshot!(csv.lines().take(7).collect::<Vec<_>>().join("\n"), @r"
    cell,left_status,right_status,left_similarity_x100,right_similarity_x100,difference,same_settings,same_image
    bicycle/adadelta/seed-0,finished,finished,35.5600,36.0600,0.5000,true,true
    bicycle/adagrad/seed-0,finished,finished,39.0900,39.3400,0.2500,true,true
    bicycle/adam/seed-0,finished,finished,40.5900,40.5900,0.0000,true,false
    bicycle/adamw/seed-0,finished,finished,38.1900,37.9400,-0.2500,true,true
    bicycle/rmsprop/seed-0,finished,finished,39.5600,39.0600,-0.5000,true,true
    bicycle/sgd/seed-0,finished,diverged at step 11,37.7800,,,true,
    ");
    assert_eq!(csv.lines().count(), 1 + 22);
    let json: serde_json::Value = serde_json::to_value(&comparison).unwrap();
    assert_eq!(json["cells"][0]["cell"], "bicycle/adadelta/seed-0");
    assert_eq!(json["only_right"], serde_json::json!(["cow/adam/seed-0"]));
    assert_eq!(json["settings"][0]["right"], "64");
}

/// Expected values: `crates/statistics/tests/golden.py` has the method; here only that prompts are
/// the units. Seven prompts whose differences are 0.7 to 1.3, the same for each of three seeds.
#[test]
fn prompts_are_the_units_of_the_interval() {
    let name = |n: usize| (format!("prompt {n}"), format!("prompt {n}"));
    let of = |seeds: &[u64], similarity: fn(usize, usize, u64) -> f64| {
        let prompts = (0..7).map(name).collect();
        Grid { prompts, seeds: seeds.to_vec(), steps: 20, similarity, ..Grid::table_2() }.write()
    };
    let interval = |seeds: &[u64]| {
        let left = of(seeds, |prompt, optimizer, _| 30.0 + prompt as f64 + optimizer as f64);
        let right = of(seeds, |prompt, optimizer, _| 30.7 + 1.1 * prompt as f64 + optimizer as f64);
        let comparison = compared(&left, &right);
        let adam = comparison.optimizers.iter().find(|pair| pair.optimizer == "adam").unwrap();
        assert_eq!((adam.cells, adam.prompts), (7 * seeds.len(), 7));
        assert!((adam.difference - 1.0).abs() < 1e-9, "{adam:?}");
        adam.interval.unwrap()
    };
    let (low, high) = interval(&[0]);
    assert!(low < 1.0 && 1.0 < high && (low + high - 2.0).abs() < 1e-9);
    let with_seeds = interval(&[0, 1, 2]);
    assert!((with_seeds.0 - low).abs() < 1e-9, "copies of a prompt's runs make nothing surer");
}

#[test]
fn few_prompts_have_no_interval() {
    let (left, right) = (run(&[0, 1, 2], |_, _| 0.0), run(&[0, 1, 2], |_, _| 1.0));
    let comparison = compared(&left, &right);
    assert!(comparison.optimizers.iter().all(|pair| pair.interval.is_none()), "four prompts, 72 cells");
}

#[test]
fn a_run_equals_itself() {
    let run = run(&[0], |_, _| 0.0);
    let comparison = compared(&run, &run);
    assert!(comparison.settings.is_empty() && comparison.environment.is_empty());
    assert!(
        comparison.cells.iter().all(|pair| pair.same_image == Some(true) && pair.difference == Some(0.0))
    );
    assert!(comparison.to_string().contains("Byte-identical images: 24 of 24"));
}

#[test]
fn runs_without_a_common_cell_are_refused_with_examples() {
    let left = run(&[0], |_, _| 0.0);
    let right = run(&[7], |_, _| 0.0);
    let error = Comparison::of(left.path(), right.path()).unwrap_err();
    assert!(error.to_string().starts_with("no cell of `"), "{error}");
    let help = miette::Diagnostic::help(&error).unwrap().to_string();
    assert!(
        help.contains("`bicycle/adadelta/seed-0`") && help.contains("`bicycle/adadelta/seed-7`"),
        "{help}"
    );
}
