//! Summary for the terminal.

use super::*;

#[test]
fn the_summary_says_what_won_and_how_little_that_means() {
    let results = Grid::table_2().write();
    let said = build(results.path()).unwrap().to_string();
    let said = said.replace(&results.path().display().to_string(), "RESULTS");
    insta::assert_snapshot!(said, @r"
    optimizers: 24 of 24 cells finished, model set mini
    The model set is not the paper's: this is no reproduction of its figures.

    adam has the highest mean (4 prompts, 1 seed each). Four prompts cannot rule anything out: at least
      five are needed.
    adam − rmsprop: +0.52 (too few prompts for an interval). adam − sgd: +3.06 (too few prompts for an
      interval).
    No pair can be told apart.
    All prompts share one seed: the answer holds only for this seed.
    Friedman test of equal optimizers, by permutation: p = 0.0018. Telling adam from rmsprop with 80 %
      power takes about 15 prompts if they differ as they do here.

    Similarity: 100 × cosine of the final image with its class name

    |            | adadelta | adagrad |  adam | adamw | rmsprop |   sgd |
    |------------|----------|---------|-------|-------|---------|-------|
    | bicycle    |    35.56 |   39.09 | 40.59 | 38.19 |   39.56 | 37.78 |
    | chair      |    40.75 |   41.41 | 44.31 | 44.28 |   43.84 | 38.78 |
    | cattle     |    37.59 |   36.28 | 37.88 | 37.91 |   37.28 | 35.59 |
    | motorcycle |    37.88 |   37.91 | 38.75 | 38.25 |   38.78 | 37.16 |
    | mean       |    37.95 |   38.67 | 40.38 | 39.66 |   39.87 | 37.33 |

    Ranking by mean similarity
       optimizer   mean  behind the first  may be best
    1  adam       40.38                    yes
    2  rmsprop    39.87  0.52              yes
    3  adamw      39.66  0.73              yes
    4  adagrad    38.67  1.71              yes
    5  adadelta   37.95  2.44              yes
    6  sgd        37.33  3.06              yes

    Table   RESULTS/tables/similarity.csv
    Cells   RESULTS/tables/cells.csv
    Curves  RESULTS/plots/similarity.png
    Images  RESULTS/plots/images.png
    Page    RESULTS/report.html
    ");
}

/// Table 2's cells, of which one diverged, one failed, one was interrupted and one not begun.
fn unfinished() -> Results {
    let results = Grid::table_2().write();
    results.end(
        "bicycle/sgd/seed-0",
        CellStatus::Diverged { at_step: 41, seconds: 1.0, similarity_initial: None },
    );
    results.end("chair/adam/seed-0", CellStatus::Failed { reason: "out of memory\ncaused by …".into() });
    results.end("cow/adam/seed-0", CellStatus::Unfinished);
    results.forget("motorbike/adagrad/seed-0");
    results
}

#[test]
fn what_did_not_finish_is_shown() {
    let results = unfinished();
    insta::assert_snapshot!(said(&results), @r"
    optimizers: 20 of 24 cells finished, model set mini
    The model set is not the paper's: this is no reproduction of its figures.

    rmsprop has the highest mean (4 prompts, 1 seed each). Four prompts cannot rule anything out: at
      least five are needed.
    rmsprop − adamw: +0.21 (too few prompts for an interval). rmsprop − sgd: +3.09 (too few prompts for
      an interval).
    No pair can be told apart.
    Scored by the live latents instead of the averaged ones, adadelta comes first.
    1 of 4 runs of sgd diverged; it counts as the worst image of its prompt and seed.
    adagrad is not ranked: only 3 of its 4 planned runs gave a result. adam is not ranked: only 2 of its
      4 planned runs gave a result.
    All prompts share one seed: the answer holds only for this seed.
    Friedman test of equal optimizers, by permutation: p = 0.013. Telling rmsprop from adamw with 80 %
      power takes about 250 prompts if they differ as they do here.

    Similarity: 100 × cosine of the final image with its class name

    |            | adadelta | adagrad |       adam | adamw | rmsprop |      sgd |
    |------------|----------|---------|------------|-------|---------|----------|
    | bicycle    |    35.56 |   39.09 |      40.59 | 38.19 |   39.56 | diverged |
    | chair      |    40.75 |   41.41 |     failed | 44.28 |   43.84 |    38.78 |
    | cattle     |    37.59 |   36.28 | unfinished | 37.91 |   37.28 |    35.59 |
    | motorcycle |    37.88 |       — |      38.75 | 38.25 |   38.78 |    37.16 |
    | mean       |    37.95 |       — |          — | 39.66 |   39.87 |        — |

    Ranking by mean similarity
       optimizer   mean  behind the first  may be best
    1  rmsprop    39.87                    yes
    2  adamw      39.66  0.21              yes
    3  adadelta   37.95  1.92              yes
    4  sgd        36.77  3.09              yes

    Not finished: 4 of 24 cells
      bicycle/sgd/seed-0 diverged at step 41
      chair/adam/seed-0 failed: out of memory
      cow/adam/seed-0 unfinished
      1 not begun

    Table   RESULTS/tables/similarity.csv
    Cells   RESULTS/tables/cells.csv
    ");
}

#[test]
fn what_did_not_finish_never_counts_as_zero() {
    let results = unfinished();
    build(results.path()).unwrap();
    insta::assert_snapshot!(results.text("tables/similarity.csv"), @r"
    prompt,class_name,adadelta,adagrad,adam,adamw,rmsprop,sgd,model_set
    bicycle,bicycle,35.5600,39.0900,40.5900,38.1900,39.5600,,mini
    chair,chair,40.7500,41.4100,,44.2800,43.8400,38.7800,mini
    cow,cattle,37.5900,36.2800,,37.9100,37.2800,35.5900,mini
    motorbike,motorcycle,37.8800,,38.7500,38.2500,38.7800,37.1600,mini
    mean,,37.9450,,,39.6575,39.8650,,mini
    ");
}

#[test]
fn a_folder_in_which_nothing_was_begun_has_a_report() {
    let results = Grid { steps: 0, ..Grid::table_2() }.write();
    std::fs::remove_dir_all(results.path().join("cells")).unwrap();
    insta::assert_snapshot!(said(&results), @r"
    optimizers: 0 of 24 cells finished, model set mini
    The model set is not the paper's: this is no reproduction of its figures.

    Similarity: 100 × cosine of the final image with its class name

    |            | adadelta | adagrad | adam | adamw | rmsprop | sgd |
    |------------|----------|---------|------|-------|---------|-----|
    | bicycle    |        — |       — |    — |     — |       — |   — |
    | chair      |        — |       — |    — |     — |       — |   — |
    | cattle     |        — |       — |    — |     — |       — |   — |
    | motorcycle |        — |       — |    — |     — |       — |   — |
    | mean       |        — |       — |    — |     — |       — |   — |

    No ranking: there is no prompt on which the optimizers have results.

    Not finished: 24 of 24 cells
      24 not begun

    Table   RESULTS/tables/similarity.csv
    Cells   RESULTS/tables/cells.csv
    ");
    build(results.path()).unwrap();
    assert!(!results.path().join("plots").exists());
}

#[test]
fn one_optimizer_has_a_report_without_a_ranking() {
    let results = Grid { steps: 20, optimizers: vec!["adam".into()], ..Grid::table_2() }.write();
    let summary = build(results.path()).unwrap().to_string();
    assert!(!summary.contains("Ranking") && !summary.contains("How sure"), "{summary}");
    assert!(results.text("report.html").contains("nothing to rank"));
}

#[test]
fn a_folder_without_a_plan_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let error = build(folder.path()).unwrap_err();
    assert!(matches!(error, ReportError::Record(RecordError::NotResults { .. })), "{error:?}");
}
