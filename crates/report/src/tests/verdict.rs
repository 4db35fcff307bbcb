//! Verdicts on studies that invite a wrong conclusion.

use records::PlannedCell;

use super::*;

/// A study whose similarity is given by prompt, optimizer and seed.
fn study(
    prompts: usize,
    optimizers: &[&str],
    seeds: &[u64],
    similarity: fn(usize, usize, u64) -> f64,
) -> Results {
    let name = |n: usize| (format!("prompt {n}"), format!("prompt {n}"));
    Grid {
        prompts: (0..prompts).map(name).collect(),
        optimizers: optimizers.iter().map(|&name| name.to_owned()).collect(),
        seeds: seeds.to_vec(),
        steps: 0,
        similarity,
        ..Grid::table_2()
    }
    .write()
}

/// The verdict's sentences, one a line.
fn sentences(results: &Results) -> String {
    let study = Study::read(results.path()).unwrap();
    crate::analysis::sentences(&study, &Verdict::of(&study)).join("\n")
}

/// A number in [-0.5, 0.5) that looks random.
fn noise(prompt: usize, optimizer: usize, seed: u64) -> f64 {
    let mixed = (prompt as u64 * 7919 + optimizer as u64 * 104_729 + seed * 1_299_709 + 17)
        .wrapping_mul(0x9E37_79B9_7F4A_7C15);
    (mixed >> 40) as f64 / (1_u64 << 24) as f64 - 0.5
}

#[test]
fn a_clear_winner_is_named() {
    let results = study(12, &["adam", "sgd"], &[0], |p, o, s| 40.0 - o as f64 + 0.4 * noise(p, o, s));
    insta::assert_snapshot!(sentences(&results), @r"
    With 95 % confidence, the best is adam (12 prompts, 1 seed each).
    adam − sgd: +1.03 (0.94 to 1.13).
    The two can be told apart (95 % intervals in parentheses hold for all pairs at once).
    All prompts share one seed: the answer holds only for this seed.
    Friedman test of equal optimizers, by permutation: p = 0.0005.
    ");
}

#[test]
fn rivals_stay_and_the_rest_is_ruled_out() {
    let results = study(20, &["adam", "adadelta", "sgd"], &[0], |p, o, s| {
        40.0 - 2.0 * f64::from(u8::from(o == 2)) + noise(p, o, s)
    });
    insta::assert_snapshot!(sentences(&results), @r"
    With 95 % confidence, the best is one of adam, adadelta (20 prompts, 1 seed each). Ruled out: sgd.
    adam − adadelta: +0.02 (−0.13 to 0.16). adam − sgd: +1.99 (1.82 to 2.16).
    Of 3 pairs, these can be told apart: adam > sgd, adadelta > sgd (95 % intervals in parentheses hold for all pairs at once).
    All prompts share one seed: the answer holds only for this seed.
    Friedman test of equal optimizers, by permutation: p < 0.0001. Telling adam from adadelta with 80 % power takes about 3000 prompts if they differ as they do here.
    ");
}

/// "steady" beats "spike" on 19 of 20 prompts; one prompt lifts the mean of "spike" above.
#[test]
fn one_spike_wins_nothing() {
    let results = study(20, &["steady", "spike"], &[0], |p, o, _| match (p, o) {
        (0, 1) => 70.0,
        (p, 0) => 40.5 + p as f64 / 100.0,
        (p, _) => 40.0 + p as f64 / 90.0,
    });
    insta::assert_snapshot!(sentences(&results), @r"
    No optimizer is ruled out: either of the two may be the best (20 prompts, 1 seed each).
    spike − steady: +1.01 (−1.03 to 3.05).
    The two cannot be told apart (95 % intervals in parentheses hold for all pairs at once).
    All prompts share one seed: the answer holds only for this seed.
    Friedman test of equal optimizers, by permutation: p < 0.0001. Telling spike from steady with 80 % power takes about 350 prompts if they differ as they do here.
    ");
}

#[test]
fn a_divergence_counts_as_the_worst_image() {
    let results = study(10, &["good", "bad"], &[0], |p, o, s| 40.0 - o as f64 + 0.2 * noise(p, o, s));
    results.end(
        "prompt-0/good/seed-0",
        CellStatus::Diverged { at_step: 41, seconds: 1.0, similarity_initial: None },
    );
    insta::assert_snapshot!(sentences(&results), @r"
    With 95 % confidence, the best is good (10 prompts, 1 seed each).
    good − bad: +0.93 (0.74 to 1.11).
    The two can be told apart (95 % intervals in parentheses hold for all pairs at once).
    1 of 10 runs of good diverged; it counts as the worst image of its prompt and seed.
    All prompts share one seed: the answer holds only for this seed.
    Friedman test of equal optimizers, by permutation: p = 0.0039.
    ");
}

#[test]
fn the_image_that_a_run_began_with_is_the_floor_of_one_that_diverged() {
    let results = study(10, &["good", "bad"], &[0], |_, o, _| 40.0 - o as f64);
    let of_first = |status| {
        results.end("prompt-0/good/seed-0", status);
        let verdict = Verdict::of(&Study::read(results.path()).unwrap());
        verdict.scores.blocks[0].runs[0].scores.clone()
    };
    let diverged =
        |similarity_initial| CellStatus::Diverged { at_step: 41, seconds: 1.0, similarity_initial };
    assert_eq!(of_first(diverged(Some(0.25))), [25.0, 39.0]);
    assert_eq!(of_first(diverged(Some(0.45))), [39.0, 39.0], "no better than the worst that finished");
    assert_eq!(of_first(diverged(None)), [39.0, 39.0], "of an older version");
}

#[test]
fn an_optimizer_that_has_hardly_begun_does_not_hide_the_others() {
    let results = study(20, &["adam", "sgd", "lion"], &[0], |p, o, s| 40.0 - o as f64 + 0.4 * noise(p, o, s));
    for prompt in 1..20 {
        results.forget(&format!("prompt-{prompt}/lion/seed-0"));
    }
    insta::assert_snapshot!(sentences(&results), @r"
    With 95 % confidence, the best is adam (20 prompts, 1 seed each).
    adam − sgd: +1.01 (0.95 to 1.06).
    The two can be told apart (95 % intervals in parentheses hold for all pairs at once).
    lion is not ranked: only 1 of its 20 planned runs gave a result.
    All prompts share one seed: the answer holds only for this seed.
    Friedman test of equal optimizers, by permutation: p < 0.0001.
    ");
}

#[test]
fn runs_that_failed_are_counted() {
    let results = study(10, &["adam", "sgd"], &[0, 1, 2], |p, o, s| 40.0 - o as f64 + 0.4 * noise(p, o, s));
    for seed in 1..3 {
        results.end(&format!("prompt-4/adam/seed-{seed}"), CellStatus::Failed { reason: "a fault".into() });
    }
    insta::assert_snapshot!(sentences(&results), @r"
    With 95 % confidence, the best is adam (10 prompts, 1 to 3 seeds each).
    adam − sgd: +0.99 (0.95 to 1.03).
    The two can be told apart (95 % intervals in parentheses hold for all pairs at once).
    28 of 30 planned pairs of a prompt and a seed count: on the others, some optimizer has no result.
    Friedman test of equal optimizers, by permutation: p = 0.0020.
    ");
}

#[test]
fn settings_of_one_optimizer_are_told_to_compete() {
    let results = study(8, &["adam lr=0.02", "adam lr=0.05", "sgd"], &[0], |p, o, s| 40.0 + noise(p, o, s));
    insta::assert_snapshot!(sentences(&results), @r"
    With 95 % confidence, the best is one of adam lr=0.02, sgd (8 prompts, 1 seed each). Ruled out: adam lr=0.05.
    adam lr=0.02 − sgd: +0.09 (−0.44 to 0.62). adam lr=0.02 − adam lr=0.05: +0.17 (−0.36 to 0.70).
    Of 3 pairs, these can be told apart: sgd > adam lr=0.05 (95 % intervals in parentheses hold for all pairs at once).
    Several settings of adam compete with each other here: the best of them, chosen and tested on the same prompts, looks better than it is.
    All prompts share one seed: the answer holds only for this seed.
    Friedman test of equal optimizers, by permutation: p = 0.030. Telling adam lr=0.02 from sgd with 80 % power takes about 310 prompts if they differ as they do here.
    ");
}

#[test]
fn an_order_that_changes_with_the_steps_is_told() {
    let results = Grid {
        optimizers: vec!["adam".into(), "sgd".into()],
        prompts: (0..6).map(|n| (format!("prompt {n}"), format!("prompt {n}"))).collect(),
        steps: 200,
        similarity: |p, o, s| 40.0 - o as f64 + 0.4 * noise(p, o, s),
        ..Grid::table_2()
    }
    .write();
    results.curves(&[50, 100, 150, 200], |prompt, optimizer, step| {
        let early = if step < 100 { 2.0 } else { -1.0 };
        let lead = if optimizer == "sgd" { early } else { 0.0 };
        [30.0 + lead + prompt as f64, 31.0, 29.0 + lead]
    });
    let said = sentences(&results);
    assert!(said.contains("At a quarter of the steps, sgd comes first.\n"), "{said}");
    let study = Study::read(results.path()).unwrap();
    let orders: Vec<(&str, u32, String)> = Verdict::of(&study)
        .others
        .iter()
        .map(|other| (other.ruler.measure.name(), other.ruler.budget.percent(), other.order.join(" ")))
        .collect();
    let order = |name: &'static str, percent, order: &str| (name, percent, order.to_owned());
    assert_eq!(
        orders,
        [
            order("live", 100, "adam sgd"), // of the outcome: no judge has looked at the final images
            order("averaged", 50, "adam sgd"),
            order("judge", 50, "adam sgd"),
            order("live", 50, "adam sgd"),
            order("averaged", 25, "sgd adam"),
            order("judge", 25, "sgd adam"),
            order("live", 25, "adam sgd"),
        ]
    );
}

/// The fixture's judge prefers what the perceptor likes less.
#[test]
fn a_judge_that_disagrees_is_in_the_answer() {
    let results = study(12, &["adam", "sgd"], &[0], |p, o, s| 40.0 - o as f64 + 0.4 * noise(p, o, s));
    for prompt in 0..12 {
        for optimizer in ["adam", "sgd"] {
            let cell = ResultsFolder::at(results.path()).cell(&format!("prompt-{prompt}/{optimizer}/seed-0"));
            std::fs::create_dir_all(cell.path()).unwrap();
        }
    }
    results.judge();
    insta::assert_snapshot!(sentences(&results), @r"
    With 95 % confidence, the best is adam (12 prompts, 1 seed each).
    adam − sgd: +1.03 (0.94 to 1.13).
    The two can be told apart (95 % intervals in parentheses hold for all pairs at once).
    The held-out judge disagrees: it puts sgd first (Kendall's τ of the two orders −1.00); by its scores, the best is sgd.
    All prompts share one seed: the answer holds only for this seed.
    Friedman test of equal optimizers, by permutation: p = 0.0005.
    ");
}

#[test]
fn nobody_is_ruled_out_where_nothing_differs() {
    let results = study(10, &["a", "b", "c"], &[0], |p, o, s| 40.0 + noise(p + 50, o, s));
    insta::assert_snapshot!(sentences(&results), @r"
    No optimizer is ruled out: any of the three may be the best (10 prompts, 1 seed each).
    a − b: +0.02 (−0.21 to 0.24). a − c: +0.04 (−0.26 to 0.34).
    No pair can be told apart (95 % intervals in parentheses hold for all pairs at once).
    All prompts share one seed: the answer holds only for this seed.
    Friedman test of equal optimizers, by permutation: p = 0.0063. Telling a from b with 80 % power takes about 3100 prompts if they differ as they do here.
    ");
}

/// Time and the table of pairs would grow with the square.
#[test]
fn too_many_optimizers_are_not_compared_pair_by_pair() {
    let names: Vec<String> = (0..201).map(|n| format!("optimizer-{n}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let results = study(6, &names, &[0], |p, o, s| 40.0 - 0.1 * o as f64 + noise(p, o, s));
    insta::assert_snapshot!(sentences(&results), @r"
    optimizer-0 has the highest mean (6 prompts, 1 seed each). Which others may be the best is unknown: 201 optimizers are too many to compare every pair (at most 200). Leave some out, or tune their settings on other prompts (`[tuning]`).
    All prompts share one seed: the answer holds only for this seed.
    Telling optimizer-0 from optimizer-1 with 80 % power takes about 170 prompts if they differ as they do here.
    ");
}

/// Cells of two optimizers repeated twice: by 0.3 of one, by 1.0 of the other.
#[test]
fn the_share_of_rounding_is_told() {
    let results = study(6, &["adam", "sgd"], &[0, 1], |p, o, s| 40.0 + p as f64 - o as f64 + s as f64);
    let folder = ResultsFolder::at(results.path());
    let mut plan = folder.plan().unwrap();
    let repeated = plan.cells.iter().filter(|cell| cell.id.starts_with("prompt-0/"));
    let nudged = |cell: &PlannedCell, nudge: u32| PlannedCell {
        id: format!("rounding/{}/{nudge}", cell.id),
        ..cell.clone()
    };
    plan.cells = repeated.flat_map(|cell| [nudged(cell, 1), nudged(cell, 2)]).collect();
    for planned in &plan.cells {
        let (own, nudge) = planned.id["rounding/".len()..].rsplit_once('/').unwrap();
        let mut record = folder.cell(own).record().unwrap().unwrap();
        let moved = if own.contains("adam") { 0.3 } else { 1.0 };
        if let CellStatus::Finished(outcome) = &mut record.status {
            outcome.similarity_averaged += if nudge == "1" { moved } else { -moved } / 100.0;
        }
        record.id.clone_from(&planned.id);
        folder.cell(&planned.id).write_record(&record).unwrap();
    }
    folder.write_rounding(Some(&plan)).unwrap();
    let said = sentences(&results);
    let said: Vec<&str> = said.lines().filter(|line| line.contains("Rounding")).collect();
    insta::assert_snapshot!(said.join("\n"), @"Rounding alone, as on other hardware, moves a score by 0.74 (standard deviation; adam 0.30 to sgd 1.00).");
    build(results.path()).unwrap();
    // Three values m - d, m, m + d have the standard deviation d; seeds differ by 1.
    insta::assert_snapshot!(results.text("tables/rounding.csv"), @r"
    optimizer,cells,repetitions,sd_rounding,sd_seeds,model_set
    adam,2,4,0.3000,0.7071,mini
    sgd,2,4,1.0000,0.7071,mini
    ");
}

/// 17 optimizers, 40 prompts, 3 seeds: every table of the verdict from records.
#[test]
fn a_large_study_is_judged() {
    let names: Vec<String> = (0..17).map(|n| format!("optimizer-{n}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let results = study(40, &names, &[0, 1, 2], |p, o, s| 40.0 - 0.1 * o as f64 + noise(p, o, s));
    let study = Study::read(results.path()).unwrap();
    let verdict = Verdict::of(&study);
    assert_eq!((verdict.places.len(), verdict.scores.blocks.len()), (17, 40));
    assert!(verdict.places[0].may_be_best && !verdict.places[16].may_be_best);
    assert!(verdict.crossed, "three seeds that all prompts share");
}
