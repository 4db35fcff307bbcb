//! Time of a step's parts by themselves, and of the runner's work between steps.
//!
//!     cargo bench --workspace --bench components && benches/shares.py
//!
//! On the CPU, with the miniature's models, its 8 cutouts and one thread, as the runner computes
//! them. Environment variables choose others: `DREAMBENCH_FILES`, a folder of models seen from the
//! repository's root, or `random` for random ones of the published sizes (128 cutouts);
//! `DREAMBENCH_THREADS`; `DREAMBENCH_PRECISION`, `fp32` or `bf16`.

use std::{env, path::Path};

use bigsleep::{Dream, DreamSettings, DreamSpec, Dreamer, Precision, Prompt, parts};
use criterion::{BenchmarkGroup, Criterion, criterion_group, criterion_main, measurement::WallTime};
use models::Models;
use optim::{Optimizer, OptimizerConfig};
use runner::run;
use tch::{Device, Kind, Tensor};

mod models;

type Group<'c> = BenchmarkGroup<'c, WallTime>;

criterion_group! { name = benches; config = Criterion::default().sample_size(20); targets = components }
criterion_main!(benches);

fn components(criterion: &mut Criterion) {
    let (name, dreamer, dream) = begin();
    let mut group = criterion.benchmark_group(name);
    networks(&mut group, &dreamer, &dream);
    upkeep(&mut group, &dreamer, dream);
    group.finish();
}

/// Forward and backward passes of a step.
fn networks(group: &mut Group<'_>, dreamer: &Dreamer, dream: &Dream) {
    let inputs = parts::inputs(dream);
    let image = torch_ext::no_grad(|| parts::generate(dreamer, &inputs));
    let boxes = parts::boxes(dreamer, dream);
    let cutouts = parts::cut(dreamer, &image, &boxes);
    let chunks: Vec<[Tensor; 1]> = cutouts.split(parts::CHUNK_CPU, 0).into_iter().map(|x| [x]).collect();
    let embeds = torch_ext::no_grad(|| parts::perceive(dreamer, &cutouts));
    let [normu, class_weights] = inputs.each_ref().map(Tensor::shallow_clone);

    both_ways(group, "generator", &[inputs], |x| parts::generate(dreamer, x));
    group.bench_function("boxes", |bencher| bencher.iter(|| parts::boxes(dreamer, dream)));
    both_ways(group, "cutouts", &[[image]], |[image]| parts::cut(dreamer, image, &boxes));
    both_ways(group, "perceptor", &chunks, |[patches]| parts::perceive(dreamer, patches));
    both_ways(group, "loss", &[[normu, class_weights, embeds]], |x| parts::loss(dream, x));
}

/// A function forward, and forward with the gradient of what it takes; of each of `inputs`, one
/// after the other.
fn both_ways<const N: usize>(
    group: &mut Group<'_>,
    name: &str,
    inputs: &[[Tensor; N]],
    function: impl Fn(&[Tensor; N]) -> Tensor,
) {
    let forward = || inputs.iter().for_each(|x| drop(torch_ext::no_grad(|| function(x))));
    group.bench_function(format!("{name}, forward"), |bencher| bencher.iter(forward));
    let gradient = |x: &[Tensor; N]| {
        let x = x.each_ref().map(|x| x.detach().set_requires_grad(true));
        Tensor::run_backward(&[function(&x).sum(Kind::Float)], &x.each_ref(), false, false)
    };
    let forward_and_backward = || inputs.iter().for_each(|x| drop(gradient(x)));
    group.bench_function(format!("{name}, forward and backward"), |bencher| {
        bencher.iter(forward_and_backward);
    });
}

/// Overhead: the work in every step, and when a frame is due.
fn upkeep(group: &mut Group<'_>, dreamer: &Dreamer, dream: Dream) {
    let folder = tempfile::tempdir_in(root().join("results")).expect("a folder beside the results");
    let image = dreamer.image(&dream);
    let pixels = run::eight_bits(&image);
    let png = run::png(&pixels).expect("a PNG");
    let mut dreams = [dream];

    group.bench_function("step", |bencher| {
        bencher.iter(|| {
            dreamer.step(&mut dreams).expect("enough memory");
            dreams[0].take_trace()
        });
    });
    let [dream] = &mut dreams;
    let mut latents = parts::inputs(dream).map(|x| x.squeeze_dim(0));
    let gradients = latents.each_ref().map(Tensor::randn_like);
    let mut adam = Optimizer::new(&OptimizerConfig::Adam(Default::default()), &latents);
    group.bench_function("optimizer (Adam)", |bencher| {
        bencher.iter(|| adam.step(&mut latents, &gradients, 1.0));
    });
    group.bench_function("moving average", |bencher| bencher.iter(|| parts::average(dream)));
    group.bench_function("upkeep", |bencher| {
        bencher.iter(|| {
            parts::advance(dream, &gradients);
            dream.take_trace()
        });
    });

    group.bench_function("frame: image of the averaged latents", |bencher| {
        bencher.iter(|| dreamer.image(dream));
    });
    group.bench_function("frame: to PNG", |bencher| bencher.iter(|| run::png(&run::eight_bits(&image))));
    group.bench_function("frame: PNG to disk, fsync", |bencher| {
        let file = folder.path().join("frame.png");
        bencher.iter(|| records::write_atomically(&file, &png).expect("a disk that can be written"));
    });
    group.bench_function("frame: state to disk, fsync", |bencher| {
        let file = folder.path().join("state.safetensors");
        bencher.iter(|| {
            let state = dream.state().expect("an optimizer of this project");
            let tensors: Vec<_> = state.iter().map(|(name, tensor)| (name.as_str(), tensor)).collect();
            let written = checkpoint::write_safetensors(&file, &tensors, &Default::default());
            written.expect("a disk that can be written");
        });
    });
}

/// The name of what is measured, the models, and a dream before its first step.
fn begin() -> (String, Dreamer, Dream) {
    let variable = |name: &str, default: &str| env::var(name).unwrap_or_else(|_| default.to_owned());
    let (files, threads) =
        (variable("DREAMBENCH_FILES", "weights/mini"), variable("DREAMBENCH_THREADS", "1"));
    let precision = match variable("DREAMBENCH_PRECISION", "fp32").as_str() {
        "fp32" => Precision::Fp32,
        "bf16" => Precision::Bf16,
        other => panic!("DREAMBENCH_PRECISION is fp32 or bf16, not {other}"),
    };
    tch::set_num_threads(threads.parse().expect("DREAMBENCH_THREADS is a number"));
    let cutouts = if files == "weights/mini" { 8 } else { 128 };
    // However many steps are measured.
    let settings = DreamSettings { iterations: 100_000, cutouts, precision, ..DreamSettings::default() };
    let Models { generator, perceptor, operations } = match files.as_str() {
        "random" => Models::random(models::PUBLISHED, &settings, Device::Cpu),
        folder => Models::read(&root().join(folder), &settings, Device::Cpu),
    }
    .expect("models");
    let dreamer = Dreamer::new(generator, perceptor, &settings).expect("a dreamer");
    let optimizer = OptimizerConfig::Adam(Default::default());
    let dream =
        DreamSpec { prompt: Prompt::approach("a bear"), seed: 0, optimizer: optimizer.into(), settings };
    let dream = dreamer.begin(&dream).expect("a dream");
    let giga = (operations.generator + operations.perceptor) / 1e9;
    let name = format!("{files}, {precision:?}, threads {threads}, cutouts {cutouts}, GFLOP {giga:.1}");
    (name, dreamer, dream)
}

fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
}
