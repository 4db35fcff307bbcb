//! Loads checkpoints as a model does, every tensor in single precision, and says what it took:
//! `cargo run -p checkpoint --example load -- FILE…`

#![expect(clippy::print_stdout, reason = "it is here to tell")]

use std::{error::Error, fs, path::Path, time::Instant};

use checkpoint::Weights;
use tch::{Device, Kind, Tensor};

const MB: f64 = 1e6;

fn main() -> Result<(), Box<dyn Error>> {
    let _warm = Tensor::zeros([1], (Kind::Half, Device::Cpu)).to_kind(Kind::Float); // libtorch's own start-up
    for path in std::env::args_os().skip(1) {
        load(Path::new(&path))?;
    }
    Ok(())
}

fn load(path: &Path) -> Result<(), Box<dyn Error>> {
    let (start, resident) = (Instant::now(), memory("VmRSS")?);
    let weights = Weights::open(path)?;
    let root = weights.root(Kind::Float, Device::Cpu);
    let shapes =
        weights.names().into_iter().filter_map(|name| weights.shape(&name).map(|shape| (name, shape)));
    let tensors: Vec<Tensor> = shapes.map(|(name, shape)| root.take(&name, &shape)).collect();
    weights.finish()?;

    let (file, kept) = (fs::metadata(path)?.len() as f64, bytes(&tensors));
    let peak = memory("VmHWM")? - resident;
    println!(
        "{}: {:.1} MB, {} tensors of {:.1} MB in {:.2} s; peak {:.1} MB more than before: {:.2} of the larger",
        path.display(),
        file / MB,
        tensors.len(),
        kept / MB,
        start.elapsed().as_secs_f64(),
        peak / MB,
        peak / file.max(kept),
    );
    Ok(())
}

fn bytes(tensors: &[Tensor]) -> f64 {
    tensors.iter().map(|tensor| (tensor.numel() * tensor.kind().elt_size_in_bytes()) as f64).sum()
}

/// This process's memory in bytes, as Linux accounts for it; the peak is that since the program's
/// start.
fn memory(what: &str) -> Result<f64, Box<dyn Error>> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix(what)).ok_or("no such line")?;
    let kib: f64 = line.trim_matches([':', '\t', ' ']).trim_end_matches(" kB").trim().parse()?;
    Ok(kib * 1024.0)
}
