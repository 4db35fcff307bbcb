//! Error rates of repeated studies of methods that are all alike.
//!
//!     cargo run -p statistics --example calibration -- [STUDIES]
//!
//! Wanted: any pair told apart in 5 % of studies, each method kept among those that may be the best
//! in 95 %, all intervals covering zero in 95 %.
#![expect(clippy::print_stdout, reason = "it prints a table")]

use rand::SeedableRng as _;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution as _, Exp1, StandardNormal, Uniform};
use statistics::Comparison;

const SHAPES: [(usize, usize); 6] = [(17, 40), (17, 10), (6, 6), (6, 10), (6, 40), (3, 8)];

fn main() {
    let studies = std::env::args().nth(1).and_then(|studies| studies.parse().ok()).unwrap_or(300);
    println!("methods blocks  distribution  false alarms    kept  covered  ({studies} studies)");
    for (methods, blocks) in SHAPES {
        for (name, draw) in DISTRIBUTIONS {
            let [alarms, kept, covered] = repeated(studies, methods, blocks, draw);
            println!("{methods:7} {blocks:6}  {name:12}  {alarms:12.3}  {kept:6.3}  {covered:7.3}");
        }
    }
}

type Draw = fn(&mut ChaCha8Rng) -> f64;

const DISTRIBUTIONS: [(&str, Draw); 3] = [
    ("normal", |rng| StandardNormal.sample(rng)),
    ("laplace", |rng| {
        let magnitude: f64 = Exp1.sample(rng);
        magnitude.copysign(Uniform::new(-1.0, 1.0).map_or(1.0, |even: Uniform<f64>| even.sample(rng)))
    }),
    ("exponential", |rng| Exp1.sample(rng)),
];

fn repeated(studies: u64, methods: usize, blocks: usize, draw: Draw) -> [f64; 3] {
    let (mut alarms, mut kept, mut covered) = (0, 0, 0);
    for study in 0..studies {
        let mut rng = ChaCha8Rng::seed_from_u64(study);
        let scores: Vec<Vec<f64>> =
            (0..blocks).map(|_| (0..methods).map(|_| draw(&mut rng)).collect()).collect();
        let Some(got) = Comparison::of(&scores) else { continue };
        alarms += usize::from(got.pairs.iter().any(|pair| pair.is_told_apart()));
        kept += got.may_be_best().len();
        covered += usize::from(got.pairs.iter().all(|pair| pair.interval.0 <= 0.0 && 0.0 <= pair.interval.1));
    }
    let all = studies as f64;
    [alarms as f64 / all, kept as f64 / all / methods as f64, covered as f64 / all]
}
