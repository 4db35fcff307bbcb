//! Figures of many panels, of lists in `[dream]`, and of any numbers.

use std::sync::OnceLock;

use proptest::collection::vec;
use proptest::num::{f32 as floats, f64 as doubles};
use proptest::prelude::*;
use records::{CellStatus, LossTerms, TraceRow};

use super::*;
use crate::fixture::{Grid, Results};

/// Every page of the figures that are not images.
fn drawings(study: &Study) -> Vec<Drawing> {
    let mut jobs = curves::jobs(study);
    jobs.extend(loss_vs_similarity::jobs(study));
    jobs.push(judge::job(study));
    jobs.iter().flat_map(|job| (job.draw)().unwrap()).collect()
}

fn names(drawings: &[Drawing]) -> Vec<&str> {
    drawings.iter().map(|drawing| drawing.name.as_str()).collect()
}

fn named<'d>(drawings: &'d [Drawing], name: &str) -> &'d Drawing {
    drawings.iter().find(|drawing| drawing.name == name).unwrap()
}

/// The texts of a drawing.
fn texts(svg: &str) -> Vec<&str> {
    let lines = svg.lines().map(str::trim);
    lines.filter(|line| !line.is_empty() && !line.starts_with('<')).collect()
}

fn within_bounds(drawings: &[Drawing]) {
    for Drawing { name, svg, .. } in drawings {
        let side = |name: &str| {
            svg.split_once(&format!("{name}=\""))
                .unwrap()
                .1
                .split('"')
                .next()
                .unwrap()
                .parse::<u32>()
                .unwrap()
        };
        let size = (side("width"), side("height"));
        let pixels = |side: u32| (side as f32 * PNG_SCALE).ceil() as i32;
        assert!(pixels(size.0) <= LARGEST_SIDE && pixels(size.1) <= LARGEST_SIDE, "{name}: {size:?}");
    }
}

#[test]
fn many_prompts_are_pages_of_panels_with_their_mean_first() {
    let results = Grid::large(40, 2, 20).write();
    let drawings = drawings(&Study::read(results.path()).unwrap());
    within_bounds(&drawings);
    assert_eq!(
        names(&drawings)[..5],
        ["similarity-mean", "similarity", "similarity-2", "similarity-3", "similarity-4"]
    );
    let headings = |name: &str| {
        let texts = texts(&named(&drawings, name).svg);
        texts.into_iter().filter(|text| text.starts_with("number ")).map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!([headings("similarity").len(), headings("similarity-4").len()], [12, 4]);
    assert!(headings("similarity-2")[0].starts_with("number 13 "));
    let mean = texts(&named(&drawings, "similarity-mean").svg).join(" ");
    assert!(mean.contains("one standard deviation between prompts"), "{mean}");
    assert!(!texts(&named(&drawings, "similarity-4").svg).join(" ").contains("The first"));
}

#[test]
fn very_many_prompts_are_told_and_not_all_drawn() {
    let results = Grid::large(61, 1, 3).write();
    let drawings = drawings(&Study::read(results.path()).unwrap());
    within_bounds(&drawings);
    let pages = |of: &str| drawings.iter().filter(|drawing| drawing.name.starts_with(of)).count();
    assert_eq!([pages("similarity"), pages("loss-number"), pages("loss-and-image")], [1 + 4, 48, 4]);
    for name in ["similarity", "similarity-4", "loss-and-image"] {
        assert!(
            texts(&named(&drawings, name).svg).join(" ").contains("The first 48 of 61 panels."),
            "{name}"
        );
    }
}

#[test]
fn many_lines_have_a_legend_within_bounds() {
    let results = Grid::large(1, 100, 3).write();
    let drawings = drawings(&Study::read(results.path()).unwrap());
    within_bounds(&drawings);
    let texts = texts(&named(&drawings, "similarity").svg).join(" ");
    assert!(texts.contains("and 30 more, not drawn"), "{texts}");
}

#[test]
fn few_values_of_a_dream_setting_are_lines_of_their_own() {
    let one = |seed: u64| {
        let grid = Grid { optimizers: vec!["adam".into()], seeds: vec![seed], steps: 60, ..Grid::table_2() };
        let results = grid.write();
        drawings(&Study::read(results.path()).unwrap())
    };
    let grid = Grid { optimizers: vec!["adam".into()], seeds: vec![0, 1], steps: 60, ..Grid::table_2() };
    let results = grid.write();
    results.seeds_to_axis();
    let both = drawings(&Study::read(results.path()).unwrap());
    let lines = |drawings: &[Drawing]| {
        let svg = &named(drawings, "loss-cow").svg;
        svg.lines()
            .filter(|line| line.starts_with("<polyline") && line.contains("stroke-width=\"2\""))
            .count()
    };
    let texts = texts(&named(&both, "loss-cow").svg).join(" ");
    for words in ["adam cutouts=32", "adam cutouts=64", "Every step as measured."] {
        assert!(texts.contains(words) || words.starts_with("Every"), "{texts}");
    }
    assert!(!texts.contains("Mean") && !texts.contains("standard deviation"), "{texts}");
    assert!(lines(&one(0)) < lines(&both), "{}", lines(&both));
}

#[test]
fn more_values_of_a_dream_setting_are_panels_of_their_own() {
    let results = Grid { seeds: vec![0, 1], steps: 60, ..Grid::table_2() }.write();
    results.seeds_to_axis();
    let drawings = drawings(&Study::read(results.path()).unwrap());
    for name in ["loss-cow", "similarity", "loss-and-image"] {
        let texts = texts(&named(&drawings, name).svg).join(" ");
        assert!(texts.contains("cow, cutouts=32") && texts.contains("cow, cutouts=64"), "{name}: {texts}");
        assert!(!texts.contains("standard deviation"), "{name}: {texts}");
    }
}

#[test]
fn a_band_says_that_it_is_the_spread_of_seeds() {
    let results = Grid { seeds: vec![0, 1], steps: 60, ..Grid::table_2() }.write();
    let drawings = drawings(&Study::read(results.path()).unwrap());
    let texts = texts(&named(&drawings, "similarity").svg).join(" ");
    assert!(texts.contains("Mean over seeds; band: one standard deviation between seeds."), "{texts}");
}

#[test]
fn a_prompt_whose_figure_would_have_anothers_name_has_its_own() {
    let prompts = vec![("and image".to_owned(), "and image".to_owned())];
    let results = Grid { prompts, steps: 20, ..Grid::table_2() }.write();
    let drawings = drawings(&Study::read(results.path()).unwrap());
    let mut names = names(&drawings);
    let count = names.len();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), count, "{names:?}");
}

/// Numbers as damaged or foreign records may have them.
fn number() -> impl Strategy<Value = f64> {
    prop_oneof![
        doubles::ANY,
        Just(1e308),
        Just(-1e308),
        Just(5e-324),
        Just(f64::INFINITY),
        Just(f64::NAN),
        Just(0.4),
        -1.0..1.0
    ]
}

fn trace() -> impl Strategy<Value = Vec<TraceRow>> {
    let step = prop_oneof![1_u32..200, any::<u32>(), Just(u32::MAX), Just(0)];
    let term =
        || prop_oneof![floats::ANY, Just(f32::MAX), Just(f32::MIN_POSITIVE / 2.0), Just(-36.0), -50_f32..0.0];
    let row = (step, term(), term()).prop_map(|(step, total, similarity)| TraceRow {
        step,
        loss: LossTerms { total, similarity, ..LossTerms::default() },
        seconds: 0.0,
    });
    vec(row, 0..30)
}

/// Records of two prompts and two optimizers, to be filled with other numbers.
fn base() -> &'static Results {
    static BASE: OnceLock<Results> = OnceLock::new();
    BASE.get_or_init(|| {
        let prompts = vec![("cow".into(), "cattle".into()), ("chair".into(), "chair".into())];
        let optimizers = vec!["adam".into(), "sgd".into()];
        let results = Grid { prompts, optimizers, steps: 2, ..Grid::table_2() }.write();
        results.judge();
        results
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_the_numbers_are_every_figure_is_drawn(
        traces in vec(trace(), 4),
        numbers in vec(number(), 4 * 6),
        coefficient in number(),
    ) {
        let mut study = Study::read(base().path()).unwrap();
        for ((cell, trace), numbers) in study.cells.iter_mut().zip(traces).zip(numbers.chunks(6)) {
            cell.trace = trace;
            cell.record.dream.insert("loss_coef".into(), coefficient.into());
            if let CellStatus::Finished(outcome) = &mut cell.record.status {
                (outcome.similarity_averaged, outcome.similarity_live) = (numbers[0], numbers[1]);
                (outcome.cutouts_averaged, outcome.cutouts_live) = (Some(numbers[2]), Some(numbers[3]));
            }
            let evaluation = cell.evaluation.as_mut().unwrap();
            evaluation.perceptor.similarity = Some(numbers[4]);
            evaluation.judge.as_mut().unwrap().similarity = Some(numbers[5]);
        }
        for cell in &study.cells {
            let curve = cell_curve(cell, 20);
            assert!(curve.len() <= 20 && curve.iter().all(|point| point.1.is_finite()));
        }
        let svgs: Vec<String> = drawings(&study).into_iter().map(|drawing| drawing.svg).collect();
        for svg in svgs {
            prop_assert!(resvg::usvg::Tree::from_str(&svg, &resvg::usvg::Options::default()).is_ok());
            let longest = texts(&svg).into_iter().map(|text| text.chars().count()).max().unwrap_or(0);
            prop_assert!(longest < 300, "a label is longer than any figure");
        }
    }
}
