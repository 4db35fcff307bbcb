//! Loads a generator and a perceptor as a run does, and says what it took;
//! `tests/reference/loading.py` makes full-size files: `cargo run -p bigsleep --example loading --
//! config.json GENERATOR PERCEPTOR`

#![expect(clippy::print_stdout, reason = "it is here to tell")]

use std::{env, error::Error, fs, path::PathBuf, time::Instant};

use biggan::{Generator, TrainableGenerator};
use checkpoint::Weights;
use clip::{Activation, Clip};
use tch::{Device, Kind};
use torch_ext::LeanLoading;

const MB: f64 = 1e6;

fn main() -> Result<(), Box<dyn Error>> {
    let paths: Vec<PathBuf> = env::args_os().skip(1).map(Into::into).collect();
    let [config, generator, perceptor] = paths.as_slice() else {
        return Err("usage: loading config.json GENERATOR PERCEPTOR".into());
    };
    let files = (fs::metadata(generator)?.len() + fs::metadata(perceptor)?.len()) as f64;
    warm_up()?;
    let (start, before) = (Instant::now(), memory("VmRSS")?);

    let lean = LeanLoading::new();
    let config = biggan::Config::read(config)?;
    let generator = Generator::load(Weights::open(generator)?, &config, 1.0, Device::Cpu)?;
    let generator_s = start.elapsed().as_secs_f64();
    let perceptor =
        Clip::load(Weights::open(perceptor)?, Some(Activation::QuickGelu), Device::Cpu, Kind::Float)?;
    drop(lean);
    let seconds = start.elapsed().as_secs_f64();

    println!(
        "{} px and {} px: {:.2} s (the generator {:.2} s); {:.0} MB of files; {:.0} MB more in use, at most {:.0} MB: {:.2} of the files",
        generator.config().output_dim,
        perceptor.image_size(),
        seconds,
        generator_s,
        files / MB,
        (memory("VmRSS")? - before) / MB,
        (memory("VmHWM")? - before) / MB,
        (memory("VmHWM")? - before) / files,
    );
    Ok(())
}

/// Loads tiny models, so that what is measured is the models and not libtorch's code, which comes
/// into memory as it is used.
fn warm_up() -> Result<(), Box<dyn Error>> {
    let config = biggan::Config { channel_width: 4, ..biggan::Config::deep_128() };
    TrainableGenerator::new(&config, Device::Cpu, 0)?.freeze(1.0)?;
    let config = clip::Config {
        vision_width: 64,
        vision_layers: 1,
        text_width: 64,
        text_layers: 1,
        vocab_size: 514,
        ..clip::Config::vit_b_32()
    };
    let tensors = Clip::new(&config, 0, Device::Cpu)?.named_tensors().into_iter();
    let halves = tensors.map(|(name, tensor)| (name, tensor.detach().to_kind(Kind::Half)));
    Clip::load(Weights::from_tensors("tiny", halves), Some(Activation::QuickGelu), Device::Cpu, Kind::Float)?;
    Ok(())
}

/// This process's memory in bytes, as Linux accounts for it; the peak is that since the program's
/// start.
fn memory(what: &str) -> Result<f64, Box<dyn Error>> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix(what)).ok_or("no such line")?;
    let kib: f64 = line.trim_matches([':', '\t', ' ']).trim_end_matches(" kB").trim().parse()?;
    Ok(kib * 1024.0)
}
