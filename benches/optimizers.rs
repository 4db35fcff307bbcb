//! One step of every optimizer on the latents of one dream: 15 × 128 and 15 × 1000 numbers in
//! single precision.
//!
//! `tch/adam` is the built-in Adam of the bindings, for the same tensors and gradients.
//!
//!     cargo bench -p optim --bench optimizers

use std::hint::black_box;
use std::time::{Duration, Instant};

use criterion::{Criterion, criterion_group, criterion_main};
use optim::{Optimizer, OptimizerConfig};
use tch::nn::{self, OptimizerConfig as _};
use tch::{Device, Kind, Tensor};

const LATENTS: [[i64; 2]; 2] = [[15, 128], [15, 1000]];

criterion_group!(benches, every_optimizer, adam_beside_the_built_in);
criterion_main!(benches);

fn every_optimizer(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("step");
    for config in OptimizerConfig::all() {
        let mut ours = ours(&config);
        group.bench_function(config.name(), |bencher| bencher.iter(&mut ours));
    }
    group.bench_function("tch/adam", |bencher| bencher.iter(built_in()));
    group.finish();
}

/// Turn by turn in one run, and the quickest turn of each: whatever else the machine does slows
/// both, never quickens one.
#[expect(clippy::print_stdout, reason = "criterion has no report of ratios")]
fn adam_beside_the_built_in(_: &mut Criterion) {
    const TURNS: usize = 3000;
    const STEPS: u32 = 10;
    let mut ours = ours(&OptimizerConfig::default_of("adam").expect("adam is one"));
    let mut built_in = built_in();
    let (mut our_best, mut built_in_best) = (Duration::MAX, Duration::MAX);
    for _ in 0..TURNS {
        our_best = our_best.min(time(STEPS, &mut ours));
        built_in_best = built_in_best.min(time(STEPS, &mut built_in));
    }
    let (our_best, built_in_best) = (our_best / STEPS, built_in_best / STEPS);
    let ratio = our_best.as_secs_f64() / built_in_best.as_secs_f64();
    println!("adam at its quickest: {our_best:?}, tch's built-in {built_in_best:?}, a ratio of {ratio:.3}");
}

fn time(steps: u32, mut step: impl FnMut()) -> Duration {
    let start = Instant::now();
    for _ in 0..steps {
        step();
    }
    start.elapsed()
}

fn ours(config: &OptimizerConfig) -> impl FnMut() + use<> {
    let mut params = LATENTS.map(|shape| Tensor::randn(shape, (Kind::Float, Device::Cpu)));
    let grads = LATENTS.map(|shape| Tensor::randn(shape, (Kind::Float, Device::Cpu)));
    let mut optimizer = Optimizer::new(config, &params);
    move || optimizer.step(black_box(&mut params), black_box(&grads), 1.0)
}

fn built_in() -> impl FnMut() {
    let store = nn::VarStore::new(Device::Cpu);
    let root = store.root();
    let params = LATENTS.map(|shape| root.randn("latents", &shape, 0.0, 1.0));
    let mut optimizer = nn::Adam::default().build(&store, 1e-3).expect("an Adam");
    for param in &params {
        let grad = Tensor::randn(param.size(), (Kind::Float, Device::Cpu));
        (param * grad).sum(Kind::Float).backward();
    }
    move || {
        optimizer.step();
        black_box(&params);
    }
}
