//! Measures steps of a pack of dreams: by itself with random weights of the published sizes, or for
//! `benches/side_by_side.py` with files. The last line is JSON: the seconds of each step over the number of dreams, and the
//! process's peak memory.
//!
//!     cargo run --release --workspace --example step -- --dreams 1 --steps 3 --precision bf16 --device cpu

use std::{error::Error, fs, path::PathBuf, time::Instant};

use biggan::{Config, Generator, TrainableGenerator};
use bigsleep::{DreamSettings, DreamSpec, Dreamer, Precision, Prompt};
use checkpoint::Weights;
use clap::Parser;
use clip::Clip;
use optim::OptimizerConfig;
use tch::Device;

/// On the CPU, libtorch takes as many threads as there are cores.
#[derive(Parser)]
struct Cli {
    /// Folder of the published files, or of the miniature's [default: random weights of the published sizes]
    #[arg(long)]
    files: Option<PathBuf>,
    /// Dreams in the pack
    #[arg(long, default_value_t = 1)]
    dreams: u64,
    /// Steps that count; one more goes before them
    #[arg(long, default_value_t = 3)]
    steps: u32,
    /// fp32, bf16 or tf32
    #[arg(long, default_value = "fp32")]
    precision: String,
    /// cpu or cuda
    #[arg(long, default_value = "cpu")]
    device: String,
    /// Cutouts per step
    #[arg(long, default_value_t = 128)]
    cutouts: u32,
    /// Threads that libtorch may take
    #[arg(long)]
    threads: Option<i32>,
}

#[expect(clippy::print_stdout, reason = "the measurement")]
fn main() -> Result<(), Box<dyn Error>> {
    let cli = Cli::parse();
    if let Some(threads) = cli.threads {
        tch::set_num_threads(threads);
    }
    let precision = match cli.precision.as_str() {
        "fp32" => Precision::Fp32,
        "bf16" => Precision::Bf16,
        "tf32" => Precision::Tf32,
        other => return Err(format!("no precision is called {other}").into()),
    };
    let device = if cli.device == "cuda" { Device::Cuda(0) } else { Device::Cpu };
    let settings = DreamSettings { precision, cutouts: cli.cutouts, ..DreamSettings::default() };
    let dreamer = dreamer(&cli, &settings, device)?;
    let begin = |seed| {
        let optimizer = OptimizerConfig::Adam(Default::default());
        let (prompt, settings) = (Prompt::approach("a bear"), settings.clone());
        dreamer.begin(&DreamSpec { prompt, seed, optimizer, settings })
    };
    let mut dreams = (0..cli.dreams).map(begin).collect::<Result<Vec<_>, _>>()?;
    let mut seconds = Vec::new();
    for _ in 0..=cli.steps {
        let start = Instant::now();
        dreamer.step(&mut dreams)?;
        dreams.iter_mut().for_each(|dream| drop(dream.take_trace())); // waits for the device
        seconds.push(start.elapsed().as_secs_f64() / cli.dreams as f64);
    }
    seconds.remove(0); // it allocates
    println!("{}", serde_json::json!({ "seconds": seconds, "peak_bytes": peak_bytes()? }));
    Ok(())
}

fn dreamer(cli: &Cli, settings: &DreamSettings, device: Device) -> Result<Dreamer, Box<dyn Error>> {
    let kind = settings.precision.kind();
    let Some(folder) = &cli.files else {
        let generator =
            TrainableGenerator::new(&Config::deep_512(), device, 0)?.freeze(settings.truncation)?;
        let clip = Clip::new(&clip::Config::vit_b_32(), 0, device)?;
        let tensors = clip.named_tensors().into_iter().map(|(name, tensor)| (name, tensor.detach()));
        let clip = Clip::load(Weights::from_tensors("random", tensors), device, kind)?;
        return Ok(Dreamer::new(generator, clip, settings)?);
    };
    let names = if folder.join("generator.json").exists() {
        ["generator.json", "generator.safetensors", "perceptor.safetensors"]
    } else {
        ["config.json", "pytorch_model.bin", "ViT-B-32.pt"]
    };
    let [config, generator, perceptor] = names.map(|name| folder.join(name));
    let config = Config::read(&config)?;
    let generator = Generator::load(Weights::open(&generator)?, &config, settings.truncation, device)?;
    let perceptor = Clip::load(Weights::open(&perceptor)?, device, kind)?;
    Ok(Dreamer::new(generator, perceptor, settings)?)
}

/// The most memory that this process has had, as Linux accounts for it.
fn peak_bytes() -> Result<u64, Box<dyn Error>> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).ok_or("Linux states no VmHWM")?;
    Ok(line.trim().trim_end_matches(" kB").parse::<u64>()? * 1024)
}
