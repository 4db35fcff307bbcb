//! Targets, tuning, margins: what is said beside the ranking.

use std::collections::BTreeMap;

use records::{TunedOptimizer, TunedRecord, TunedTrial};

use super::*;
use crate::analysis::Targets;

fn grid(optimizers: &[&str]) -> Results {
    Grid {
        optimizers: optimizers.iter().map(|&name| name.to_owned()).collect(),
        prompts: (0..6).map(|n| (format!("prompt {n}"), format!("prompt {n}"))).collect(),
        steps: 200,
        similarity: |p, o, _| 40.0 - o as f64 + 0.1 * p as f64,
        ..Grid::table_2()
    }
    .write()
}

/// sgd is as far as adam is at half of the steps after all of them; lion is never.
fn similarity(prompt: usize, optimizer: &str, step: u32) -> [f64; 3] {
    let pace = match optimizer {
        "adam" => 1.0,
        "sgd" => 0.5,
        _ => 0.1,
    };
    let averaged = 20.0 + prompt as f64 + pace * f64::from(step) / 10.0;
    [averaged, averaged, 50.0 - f64::from(step) / 10.0]
}

const FRAMES: [u32; 10] = [20, 40, 60, 80, 100, 120, 140, 160, 180, 200];

fn targets_of(results: &Results) -> Vec<(u32, String, Option<f64>, Option<f64>)> {
    let study = Study::read(results.path()).unwrap();
    let targets = Targets::of(&study).unwrap();
    let line = |reached: &crate::analysis::Reached| {
        let name = study.optimizers[reached.optimizer].clone();
        (reached.percent, name, reached.mean_steps(targets.steps), reached.share(targets.steps))
    };
    targets.reached.iter().map(line).collect()
}

#[test]
fn steps_to_a_target_count_misses_as_all_steps() {
    let results = grid(&["adam", "sgd", "lion"]);
    results.curves(&FRAMES, similarity);
    let row = |percent, name: &str, steps, share| (percent, name.to_owned(), Some(steps), Some(share));
    assert_eq!(
        targets_of(&results),
        [
            row(15, "adam", 20.0, 1.0), // the last frame at or before 15 % of 200 steps
            row(15, "sgd", 40.0, 1.0),
            row(15, "lion", 200.0, 1.0),
            row(50, "adam", 100.0, 1.0),
            row(50, "sgd", 200.0, 1.0),
            row(50, "lion", 200.0, 0.0),
            row(100, "adam", 200.0, 1.0),
            row(100, "sgd", 200.0, 0.0),
            row(100, "lion", 200.0, 0.0),
        ]
    );
}

#[test]
fn another_optimizer_changes_no_target_and_no_pair_of_others() {
    let few = grid(&["adam", "sgd"]);
    let many = grid(&["adam", "sgd", "lion", "rprop"]);
    for results in [&few, &many] {
        results.curves(&FRAMES, similarity);
    }
    let of_two = |results: &Results| -> Vec<_> {
        targets_of(results).into_iter().filter(|line| ["adam", "sgd"].contains(&line.1.as_str())).collect()
    };
    assert_eq!(of_two(&few), of_two(&many));
    let pair = |results: &Results| {
        let verdict = Verdict::of(&Study::read(results.path()).unwrap());
        let pair = verdict.pair(0, 1).unwrap();
        (pair.difference, pair.wins)
    };
    assert_eq!(pair(&few), pair(&many));
}

#[test]
fn a_run_that_diverged_misses_every_target() {
    let results = grid(&["adam", "sgd"]);
    results.curves(&FRAMES, similarity);
    results.end(
        "prompt-0/sgd/seed-0",
        CellStatus::Diverged { at_step: 3, seconds: 0.1, similarity_initial: None },
    );
    let sgd = targets_of(&results).into_iter().find(|line| line.0 == 15 && line.1 == "sgd").unwrap();
    assert_eq!(sgd.3, Some(5.0 / 6.0));
    assert_eq!(sgd.2, Some((5.0 * 40.0 + 200.0) / 6.0));
}

fn tuned(results: &Results) {
    let trial = |lr: f64, prompts: [f64; 4], diverged| TunedTrial {
        values: BTreeMap::from([("lr".to_owned(), lr)]),
        score: prompts.iter().sum::<f64>() / 4.0,
        prompts: prompts.to_vec(),
        diverged,
    };
    let optimizer = |name: &str, chosen: f64, edge: Option<&str>, trials: Vec<TunedTrial>| TunedOptimizer {
        optimizer: name.to_owned(),
        chosen: BTreeMap::from([("lr".to_owned(), chosen)]),
        edge: edge.map(str::to_owned),
        as_given: name == "adam",
        trials,
    };
    let record = TunedRecord {
        plan: "a".to_owned(),
        cells: "b".to_owned(),
        prompts: ["apple", "bed", "bus", "fox"].map(str::to_owned).to_vec(),
        extend: 1,
        optimizers: vec![
            optimizer(
                "adam",
                0.05,
                None,
                vec![
                    trial(0.005, [0.30, 0.31, 0.32, 0.33], 0),
                    trial(0.05, [0.40, 0.41, 0.42, 0.43], 0),
                    trial(0.5, [0.20, 0.20, 0.20, 0.20], 4),
                ],
            ),
            optimizer(
                "sgd",
                150.0,
                Some("high"),
                vec![
                    trial(1.5, [0.30, 0.30, 0.30, 0.30], 0),
                    trial(15.0, [0.35, 0.35, 0.35, 0.35], 0),
                    trial(150.0, [0.40, 0.40, 0.40, 0.40], 0),
                    trial(1500.0, [0.39, 0.39, 0.39, 0.39], 0),
                ],
            ),
        ],
    };
    ResultsFolder::at(results.path()).write_tuned(&record).unwrap();
}

#[test]
fn what_was_tuned_is_told_with_its_edges() {
    let results = grid(&["adam", "sgd"]);
    tuned(&results);
    let study = Study::read(results.path()).unwrap();
    let said = crate::analysis::sentences(&study, &Verdict::of(&study)).join("\n");
    let tuning = "Settings were chosen from 3 to 4 trials each, on 4 prompts that are not tested. What was chosen for adam is \
                  what adam has as given: it is tested once. The best lr of sgd is at the edge of what was tried.\n";
    assert!(said.contains(tuning), "{said}");
    let tables = tables(&study, &Verdict::of(&study));
    let csv = |name: &str| {
        let table = tables.iter().find(|table| table.name == name).unwrap();
        String::from_utf8(table.csv().unwrap()).unwrap()
    };
    insta::assert_snapshot!(csv("tuning"), @r"
    optimizer,settings,score,diverged,chosen,edge,model_set
    adam,lr=0.005,31.5000,0,false,,mini
    adam,lr=0.05,41.5000,0,true,,mini
    adam,lr=0.5,20.0000,4,false,,mini
    sgd,lr=1.5,30.0000,0,false,,mini
    sgd,lr=15,35.0000,0,false,,mini
    sgd,lr=150,40.0000,0,true,high,mini
    sgd,lr=1500,39.0000,0,false,,mini
    ");
    // Of three trials the best is expected to score as it does; of one, as the mean of all.
    assert!(csv("choices").contains("adam,1,31.0000,mini\n"), "{}", csv("choices"));
    assert!(csv("choices").contains("adam,3,41.5000,mini\n"), "{}", csv("choices"));
}

#[test]
fn a_margin_tells_who_is_the_same() {
    let results = Grid {
        optimizers: ["adam", "adadelta", "sgd"].map(str::to_owned).to_vec(),
        prompts: (0..12).map(|n| (format!("prompt {n}"), format!("prompt {n}"))).collect(),
        steps: 0,
        similarity: |p, o, _| match o {
            0 => 40.0 + p as f64,
            1 => 40.0 + p as f64 + 0.05 * ((p % 3) as f64 - 1.0),
            _ => 38.0 + p as f64 + 0.1 * (p % 2) as f64,
        },
        ..Grid::table_2()
    }
    .write();
    let folder = ResultsFolder::at(results.path());
    let mut plan = folder.plan().unwrap();
    plan.study.margin = Some(0.25);
    folder.write_plan(&plan).unwrap();
    let study = Study::read(results.path()).unwrap();
    let said = crate::analysis::sentences(&study, &Verdict::of(&study)).join("\n");
    assert!(said.contains("Equivalent within the margin of 0.25: adam and adadelta.\n"), "{said}");
}
