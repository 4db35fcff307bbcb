//! What may and may not be concluded from few blocks, and the error rates of repeated studies.

use rand::SeedableRng as _;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution as _, StandardNormal};
use statistics::{Comparison, Components, detectable_difference, friedman_permutation};

/// The report's table 2: prompts × (adadelta, adagrad, adam, adamw, rmsprop, sgd).
fn table_2() -> Vec<Vec<f64>> {
    vec![
        vec![35.56, 39.09, 40.59, 38.19, 39.56, 37.78],
        vec![40.75, 41.41, 44.31, 44.28, 43.84, 38.78],
        vec![37.59, 36.28, 37.88, 37.91, 37.28, 35.59],
        vec![37.88, 37.91, 38.75, 38.25, 38.78, 37.16],
    ]
}

#[test]
fn four_prompts_rule_nothing_out() {
    let table = Comparison::of(&table_2()).unwrap();
    assert_eq!(table.best_p, [0.1875, 0.0625, 1.0, 0.5, 0.25, 0.125]);
    assert_eq!(table.may_be_best(), [0, 1, 2, 3, 4, 5]);
    assert!(table.pairs.iter().all(|pair| !pair.is_told_apart()));
}

#[test]
fn friedman_by_permutation_is_surer_than_chi_squared() {
    let p = friedman_permutation(&table_2()).unwrap();
    assert!((p - 0.0017).abs() < 0.0002, "{p}");
}

#[test]
fn a_clean_sweep_needs_six_blocks() {
    let sweep = |n: u32| (0..n).map(|i| vec![1.0 + f64::from(i * i % 7) / 10.0, 0.0]).collect::<Vec<_>>();
    let four = Comparison::of(&sweep(4)).unwrap().pairs[0];
    assert_eq!((four.p, four.is_told_apart()), (0.125, false));
    let six = Comparison::of(&sweep(6)).unwrap().pairs[0];
    assert_eq!((six.p, six.better()), (0.03125, Some(0)));
}

#[test]
fn equal_differences_are_told_apart_from_six_blocks_on() {
    for n in 1..=8 {
        let blocks: Vec<Vec<f64>> = (0..n).map(|i| vec![0.1 + f64::from(i), f64::from(i)]).collect();
        let pair = Comparison::of(&blocks).unwrap().pairs[0];
        assert_eq!(pair.p, 2.0_f64.powi(1 - n), "{n} blocks");
        assert_eq!(pair.is_told_apart(), 6 <= n);
    }
    let alike = Comparison::of(&vec![vec![1.0, 1.0]; 8]).unwrap().pairs[0];
    assert_eq!((alike.difference, alike.p, alike.better()), (0.0, 1.0, None));
}

#[test]
fn the_better_one_has_the_higher_mean() {
    // "steady" beats "spike" on 19 of 20 blocks; one spike lifts the other's mean.
    let blocks: Vec<Vec<f64>> = (0..20)
        .map(|i| if i == 0 { vec![0.0, 60.0] } else { vec![1.0 + f64::from(i) / 100.0, 0.0] })
        .collect();
    let pair = Comparison::of(&blocks).unwrap().pairs[0];
    assert!(pair.difference < 0.0 && pair.wins.wins == 19);
    assert_eq!(pair.better(), None, "a single spike tells nothing: p {}", pair.p);
}

#[test]
fn another_method_leaves_a_pairs_difference_alone() {
    let two: Vec<Vec<f64>> = table_2().iter().map(|block| vec![block[2], block[5]]).collect();
    let alone = Comparison::of(&two).unwrap().pairs[0];
    let among = Comparison::of(&table_2()).unwrap().between(2, 5).unwrap();
    assert!((alone.difference - among.difference).abs() < 1e-12);
    assert_eq!(alone.wins, among.wins);
    let reversed = Comparison::of(&table_2()).unwrap().between(5, 2).unwrap();
    assert_eq!(reversed.difference, -among.difference);
    assert_eq!(reversed.interval, (-among.interval.1, -among.interval.0));
}

#[test]
fn few_blocks_have_no_intervals() {
    for blocks in [&table_2()[..1], &table_2()[..2], &table_2()] {
        let got = Comparison::of(blocks).unwrap();
        assert!(got.pairs.iter().all(|pair| pair.interval == (f64::NEG_INFINITY, f64::INFINITY)));
        assert_eq!(got.may_be_best().len(), 6);
    }
}

#[test]
fn components_are_those_of_the_two_way_layout() {
    let table = [vec![1.0, 2.0, 4.0], vec![2.0, 3.0, 3.0], vec![0.0, 2.0, 5.0], vec![3.0, 3.0, 7.0]];
    let got = Components::of(&table).unwrap();
    let want = [2.75, 11.0833, 1.0833, 0.5556, 2.5, 1.0833];
    let got = [got.ms_blocks, got.ms_seeds, got.ms_rest, got.blocks, got.seeds, got.rest];
    assert!(got.iter().zip(want).all(|(got, want)| (got - want).abs() < 1e-4), "{got:?}");
}

#[test]
fn forty_eight_prompts_detect_what_the_plan_promises() {
    for (sd, want) in [(0.3, 0.17), (0.85, 0.49), (1.78, 1.02)] {
        let got = detectable_difference(6, sd, 48).unwrap();
        assert!((got - want).abs() < 0.01, "{got}, want {want}");
    }
    assert_eq!(detectable_difference(6, 1.0, 4), None);
}

/// Repeated studies of methods that are all alike: the share of false alarms in any pair, the share
/// of methods kept, and the share of studies whose intervals all cover zero.
fn repeated(studies: u64, methods: usize, blocks: usize) -> [f64; 3] {
    let (mut alarms, mut kept, mut covered) = (0, 0, 0);
    for study in 0..studies {
        let mut rng = ChaCha8Rng::seed_from_u64(study);
        let mut draw = || -> f64 { StandardNormal.sample(&mut rng) };
        let scores: Vec<Vec<f64>> = (0..blocks).map(|_| (0..methods).map(|_| draw()).collect()).collect();
        let got = Comparison::of(&scores).expect("two methods or more");
        alarms += usize::from(got.pairs.iter().any(|pair| pair.is_told_apart()));
        kept += got.may_be_best().len();
        let covers = |(low, high): (f64, f64)| low <= 0.0 && 0.0 <= high;
        covered += usize::from(got.pairs.iter().all(|pair| covers(pair.interval)));
    }
    let all = studies as f64;
    [alarms as f64 / all, kept as f64 / all / methods as f64, covered as f64 / all]
}

/// `examples/calibration.rs` has more shapes and distributions, with more studies.
#[test]
fn error_rates_are_as_stated() {
    let [alarms, kept, covered] = repeated(300, 6, 10);
    assert!((0.017..=0.063).contains(&alarms), "false alarms {alarms}");
    assert!((0.93..=0.97).contains(&kept), "kept {kept}");
    assert!((0.92..=0.98).contains(&covered), "covered {covered}");
}
