//! Embeds what `tests/reference/clip_parity.py` gives it, and tells what loading took: `clip_embed
//! WEIGHTS INPUTS OUTPUTS [IMAGE…]`.
//!
//! INPUTS (safetensors): `pixels`, `tokens` and `direction`. OUTPUTS: `image_embedding`,
//! `text_embedding`, `pixel_gradient` of sum(image embedding · direction), and `file_pixels` and
//! `file_embedding` of the images, preprocessed here.
#![expect(clippy::print_stdout, reason = "it is a program")]

use std::{
    collections::HashMap,
    error::Error,
    path::{Path, PathBuf},
    time::Instant,
};

use checkpoint::Weights;
use clip::{Activation, Clip, preprocess_file};
use tch::{Device, Kind, Tensor};

fn main() -> Result<(), Box<dyn Error>> {
    let paths: Vec<PathBuf> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    let [weights, inputs, outputs, images @ ..] = &paths[..] else {
        return Err("usage: clip_embed WEIGHTS INPUTS OUTPUTS [IMAGE…]".into());
    };
    let clip = load(weights)?;
    let inputs: HashMap<String, Tensor> = Tensor::read_safetensors(inputs)?.into_iter().collect();
    let input = |name: &str| inputs.get(name).ok_or_else(|| format!("the inputs lack `{name}`"));

    let started = Instant::now();
    let pixels = input("pixels")?.detach().set_requires_grad(true);
    let image_embedding = clip.encode_image(&pixels);
    (&image_embedding * input("direction")?).sum(Kind::Float).backward();
    println!(
        "  {} images forward and backward in {:.2} s",
        pixels.size()[0],
        started.elapsed().as_secs_f64()
    );
    let mut results = vec![
        ("image_embedding", image_embedding.detach()),
        ("text_embedding", clip.encode_text(input("tokens")?)),
        ("pixel_gradient", pixels.grad()),
    ];
    if !images.is_empty() {
        let squares = images.iter().map(|path| preprocess_file(path, clip.image_size()));
        let squares = Tensor::stack(&squares.collect::<Result<Vec<_>, _>>()?, 0);
        results.push(("file_embedding", clip.encode_image(&squares)));
        results.push(("file_pixels", squares));
    }
    Tensor::write_safetensors(&results, outputs)?;
    Ok(())
}

fn load(path: &Path) -> Result<Clip, Box<dyn Error>> {
    let ones = Tensor::ones([8, 8], (Kind::Float, Device::Cpu));
    let _ = ones.matmul(&ones); // whatever libtorch allocates for itself
    let before = memory("VmRSS:");
    let started = Instant::now();
    let clip = Clip::load(Weights::open(path)?, Some(Activation::QuickGelu), Device::Cpu, Kind::Float)?;
    let seconds = started.elapsed().as_secs_f64();
    let file = std::fs::metadata(path)?.len() as f64 / 1e6;
    println!("  loaded {file:.0} MB in {seconds:.2} s");
    if let (Some(before), Some(after), Some(peak)) = (before, memory("VmRSS:"), memory("VmHWM:")) {
        let ratio = (peak - before) / file;
        println!(
            "  memory: {before:.0} MB before, {after:.0} MB after, {peak:.0} MB at most: {ratio:.2} of the file more"
        );
    }
    Ok(clip)
}

/// A line of Linux's account of this process, in MB.
fn memory(line: &str) -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let kilobytes = status.lines().find_map(|found| found.strip_prefix(line))?;
    Some(kilobytes.trim().strip_suffix(" kB")?.parse::<f64>().ok()? * 1024.0 / 1e6)
}
