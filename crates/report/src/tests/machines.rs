//! Cells of several machines.

use super::*;

/// Two prompts, two optimizers, a seed.
fn results() -> Results {
    let prompts = ["a", "b"].map(|name| (name.to_owned(), name.to_owned())).to_vec();
    let optimizers = ["adam", "sgd"].map(str::to_owned).to_vec();
    Grid { prompts, optimizers, seeds: vec![0], steps: 20, ..Grid::table_2() }.write()
}

fn warning(results: &Results) -> String {
    let study = Study::read(results.path()).unwrap();
    let said = crate::analysis::sentences(&study, &Verdict::of(&study));
    said.into_iter().filter(|sentence| sentence.contains("machine")).collect::<Vec<_>>().join("\n")
}

#[test]
fn one_kind_of_machine_is_named_and_not_warned_of() {
    let results = results();
    assert_eq!(warning(&results), "", "older records name none");
    for id in ["a/adam/seed-0", "a/sgd/seed-0", "b/adam/seed-0", "b/sgd/seed-0"] {
        results.computed_with(id, "avx2");
    }
    assert_eq!(warning(&results), "");
    build(results.path()).unwrap();
    let page = results.text("report.html");
    assert!(page.contains("Some CPU, avx2, 1 thread, libtorch 2.11.0: 4 cells"), "{page}");
}

#[test]
fn prompts_on_machines_of_their_own_are_compared_within_one_kind() {
    let results = results();
    for (id, instructions) in
        [("a/adam", "avx2"), ("a/sgd", "avx2"), ("b/adam", "avx512"), ("b/sgd", "avx512")]
    {
        results.computed_with(&format!("{id}/seed-0"), instructions);
    }
    assert_eq!(warning(&results), "");
}

#[test]
fn a_comparison_across_kinds_of_machines_is_warned_of() {
    let results = results();
    for (id, instructions) in [("a/adam", "avx2"), ("a/sgd", "avx512"), ("b/adam", "avx2"), ("b/sgd", "avx2")]
    {
        results.computed_with(&format!("{id}/seed-0"), instructions);
    }
    insta::assert_snapshot!(warning(&results), @"Warning: the compared cells come from 2 kinds of machines: Some CPU, avx2, 1 thread, libtorch 2.11.0 (3 cells); Some CPU, avx512, 1 thread, libtorch 2.11.0 (1 cell). Machines round differently and every step magnifies it, so a difference between optimizers may be one between machines: for 1 of 2 pairs of a prompt and a seed.");
    // A cell that went on elsewhere comes from both.
    results.computed_with("b/sgd/seed-0", "avx512");
    let both = warning(&results);
    assert!(both.contains("avx512, 1 thread, libtorch 2.11.0 (2 cells)"), "{both}");
    assert!(both.ends_with("between machines: for every prompt and seed."), "{both}");
    assert!(said(&results).contains("Warning: the compared cells come from 2 kinds of machines"));
}
