//! Measures steps of dreams, for `benches/side_by_side.py` and `benches/cost.py` or by itself: in a
//! batch or in turn, by one worker or by several at once, as the runner's are. The last line is
//! JSON: the seconds of each step over the number of dreams (of all workers), the peak memory, and
//! the operations of a dream's step by network.
//!
//!     cargo run --release --example step -- --dreams 1 --steps 3 --precision bf16 --device cpu
//!
//! Memory is the process's on the CPU; on a GPU what libtorch has taken there.

use std::path::PathBuf;
use std::sync::Barrier;
use std::time::Instant;
use std::{fs, slice, thread};

use bigsleep::{Dream, DreamSettings, DreamSpec, Dreamer, Precision, Prompt};
use clap::Parser;
use optim::OptimizerConfig;
use runner::devices::DeviceChoice;
use tch::{Device, Kind, Tensor};
use torch_ext::cuda::free_memory;

use models::{Failure, Models, Operations};

mod models;

#[derive(Parser)]
struct Cli {
    /// Folder of the published files, or of the miniature's [default: random weights]
    #[arg(long)]
    files: Option<PathBuf>,
    /// Channel width of random models: the published one, or less for smaller models of 128 px
    #[arg(long, default_value_t = models::PUBLISHED)]
    channels: i64,
    /// Dreams of each worker
    #[arg(long, default_value_t = 1)]
    dreams: u64,
    /// Step one dream after the other instead of all in one batch
    #[arg(long)]
    in_turn: bool,
    /// Workers at once, each with its own models
    #[arg(long, default_value_t = 1)]
    workers: usize,
    /// Steps that count, at least; one more goes before them
    #[arg(long, default_value_t = 3)]
    steps: u32,
    /// Seconds to go on for, at least
    #[arg(long, default_value_t = 0.0)]
    seconds: f64,
    /// fp32, bf16 or tf32
    #[arg(long, default_value = "fp32")]
    precision: String,
    /// cpu, cuda or cuda:N
    #[arg(long, default_value = "cpu")]
    device: DeviceChoice,
    /// Cutouts per step
    #[arg(long, default_value_t = 128)]
    cutouts: u32,
    /// Threads that libtorch may take for each worker [default: as many as there are cores]
    #[arg(long)]
    threads: Option<i32>,
}

#[expect(clippy::print_stdout, reason = "the measurement")]
fn main() -> Result<(), Failure> {
    let cli = Cli::parse();
    let device = cli.device.resolve()?[0];
    let settings = settings(&cli)?;
    let free_before = free(device);
    let everyone_ready = Barrier::new(cli.workers);
    let works = thread::scope(|scope| {
        let start = || scope.spawn(|| work(&cli, &settings, device, &everyone_ready));
        let workers: Vec<_> = (0..cli.workers).map(|_| start()).collect();
        let join = |worker: thread::ScopedJoinHandle<'_, _>| worker.join().expect("no worker panics");
        workers.into_iter().map(join).collect::<Result<Vec<Work>, Failure>>()
    })?;
    let peak_bytes = match free_before.zip(free(device)) {
        Some((before, after)) => (before - after) as u64, // libtorch gives nothing back before the end
        None => peak_of_process()?,
    };
    let Operations { generator, perceptor } = works[0].operations;
    let seconds: Vec<f64> = works.into_iter().flat_map(|work| work.seconds).collect();
    let operations = serde_json::json!({ "generator": generator, "perceptor": perceptor });
    let found = serde_json::json!({ "seconds": seconds, "peak_bytes": peak_bytes, "operations": operations });
    println!("{found}");
    Ok(())
}

/// Measurements of a worker: the seconds of each step over the number of all workers' dreams.
struct Work {
    seconds: Vec<f64>,
    operations: Operations,
}

/// Begins with the others: what it waits for is whatever comes before the steps that count.
fn work(
    cli: &Cli,
    settings: &DreamSettings,
    device: Device,
    everyone_ready: &Barrier,
) -> Result<Work, Failure> {
    if let Some(threads) = cli.threads {
        tch::set_num_threads(threads);
    }
    let ready = begin(cli, settings, device);
    everyone_ready.wait();
    let (dreamer, mut dreams, operations) = ready?;
    let all_dreams = (cli.dreams as usize * cli.workers) as f64;
    let mut seconds = Vec::new();
    let begun = Instant::now();
    while seconds.len() < cli.steps as usize || begun.elapsed().as_secs_f64() < cli.seconds {
        let start = Instant::now();
        step(&dreamer, &mut dreams, cli.in_turn)?;
        seconds.push(start.elapsed().as_secs_f64() / all_dreams);
    }
    Ok(Work { seconds, operations })
}

/// Dreams after their first step, which allocates.
fn begin(
    cli: &Cli,
    settings: &DreamSettings,
    device: Device,
) -> Result<(Dreamer, Vec<Dream>, Operations), Failure> {
    let Models { generator, perceptor, operations } = match &cli.files {
        Some(folder) => Models::read(folder, settings, device)?,
        None => Models::random(cli.channels, settings, device)?,
    };
    let dreamer = Dreamer::new(generator, perceptor, settings)?;
    let begin = |seed| {
        let optimizer = OptimizerConfig::Adam(Default::default()).into();
        let (prompt, settings) = (Prompt::approach("a bear"), settings.clone());
        dreamer.begin(&DreamSpec { prompt, seed, optimizer, settings })
    };
    let mut dreams = (0..cli.dreams).map(begin).collect::<Result<Vec<_>, _>>()?;
    step(&dreamer, &mut dreams, cli.in_turn)?;
    Ok((dreamer, dreams, operations))
}

fn step(dreamer: &Dreamer, dreams: &mut [Dream], in_turn: bool) -> Result<(), Failure> {
    if in_turn {
        dreams.iter_mut().try_for_each(|dream| dreamer.step(slice::from_mut(dream)))?;
    } else {
        dreamer.step(dreams)?;
    }
    dreams.iter_mut().for_each(|dream| drop(dream.take_trace())); // waits for the device
    Ok(())
}

fn settings(cli: &Cli) -> Result<DreamSettings, Failure> {
    let precision = match cli.precision.as_str() {
        "fp32" => Precision::Fp32,
        "bf16" => Precision::Bf16,
        "tf32" => Precision::Tf32,
        other => return Err(format!("no precision is called {other}").into()),
    };
    let iterations = 100_000; // however long it goes on
    Ok(DreamSettings { precision, cutouts: cli.cutouts, iterations, ..DreamSettings::default() })
}

/// Free memory of a GPU, in bytes. None on the CPU.
fn free(device: Device) -> Option<usize> {
    let Device::Cuda(gpu) = device else { return None };
    drop(Tensor::ones([1], (Kind::Float, device))); // what CUDA itself takes is not counted
    free_memory(gpu)
}

/// The most memory that this process has had, as Linux accounts for it.
fn peak_of_process() -> Result<u64, Failure> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).ok_or("Linux states no VmHWM")?;
    Ok(line.trim().trim_end_matches(" kB").parse::<u64>()? * 1024)
}
