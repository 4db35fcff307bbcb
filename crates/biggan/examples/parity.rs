//! Our side of `tests/reference/biggan.py parity`, which writes the folder that this is given and
//! reads what this leaves there.
//!
//! Reads `pytorch_model.bin`, `config.json` and `inputs.safetensors`; writes images and gradients
//! to `ours.safetensors`; prints what it cost, as JSON.
#![expect(clippy::print_stdout, reason = "the script reads it")]

use std::{collections::BTreeMap, env, error::Error, fs, path::PathBuf, time::Instant};

use biggan::{Config, Generator};
use checkpoint::{Weights, write_safetensors};
use tch::{Device, Kind, Tensor};

fn main() -> Result<(), Box<dyn Error>> {
    let folder = PathBuf::from(env::args_os().nth(1).ok_or("usage: parity FOLDER")?);
    let config = Config::read(&folder.join("config.json"))?;
    let inputs = Weights::open(&folder.join("inputs.safetensors"))?;
    let side = config.output_dim;
    let rows = config.num_latent_rows();
    let take = |name, shape: &[i64]| inputs.root(Kind::Float, Device::Cpu).take(name, shape);
    let latents = take("latents", &[1, rows, config.z_dim]).set_requires_grad(true);
    let class_weights = take("class_weights", &[1, rows, config.num_classes]).set_requires_grad(true);
    let probe = take("probe", &[1, 3, side, side]);
    inputs.finish()?;

    let resident_before = memory("VmRSS")?;
    // On a busy machine threads of the many small folds would mostly wait for each other: time the
    // work, not the waiting.
    let threads = tch::get_num_threads();
    tch::set_num_threads(1);
    let (start, cpu_before) = (Instant::now(), cpu_s()?);
    let weights = Weights::open(&folder.join("pytorch_model.bin"))?;
    let generator = Generator::load(weights, &config, 1.0, Device::Cpu)?;
    let load_s = start.elapsed().as_secs_f64();
    let load_cpu_s = cpu_s()? - cpu_before;
    let peak_bytes = memory("VmHWM")? - resident_before;

    tch::set_num_threads(threads);
    let images = generator.forward(&latents, &class_weights);
    let scalar = (&images * probe).sum(Kind::Float);
    let gradients = Tensor::run_backward(&[scalar], &[&latents, &class_weights], false, false);

    let images = images.detach();
    let values =
        [("images", &images), ("latents_grad", &gradients[0]), ("class_weights_grad", &gradients[1])];
    write_safetensors(&folder.join("ours.safetensors"), &values, &BTreeMap::new())?;
    println!(r#"{{"load_s": {load_s}, "load_cpu_s": {load_cpu_s}, "peak_bytes": {peak_bytes}}}"#);
    Ok(())
}

/// A figure of this process, in bytes: `VmRSS`, what is resident, or `VmHWM`, the most that ever
/// was. Linux only.
fn memory(what: &str) -> Result<u64, Box<dyn Error>> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line =
        status.lines().find(|line| line.starts_with(what)).ok_or("no such line in /proc/self/status")?;
    let kilobytes: u64 = line.split_whitespace().nth(1).ok_or("no figure in /proc/self/status")?.parse()?;
    Ok(kilobytes * 1024)
}

/// CPU time of this process over all cores, in seconds. Linux only, where a clock tick is 10 ms.
fn cpu_s() -> Result<f64, Box<dyn Error>> {
    let stat = fs::read_to_string("/proc/self/stat")?;
    let after_name = stat.rsplit(')').next().ok_or("no name in /proc/self/stat")?;
    let fields: Vec<&str> = after_name.split_whitespace().collect();
    let ticks =
        |i: usize| -> Result<f64, Box<dyn Error>> { Ok(fields.get(i).ok_or("too few fields")?.parse()?) };
    Ok((ticks(11)? + ticks(12)?) / 100.0)
}
