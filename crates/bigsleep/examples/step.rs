//! Measures a step of a pack of dreams at the published sizes: BigGAN-deep-512 and CLIP ViT-B/32, with random weights.
//!
//!     cargo run --release -p bigsleep --example step -- [dreams] [steps] [fp32|bf16|tf32] [cpu|cuda]
//!
//! On the CPU, libtorch takes as many threads as there are cores.

use biggan::TrainableGenerator;
use bigsleep::{DreamSettings, DreamSpec, Dreamer, Precision, Prompt};
use checkpoint::Weights;
use clip::Clip;
use optim::OptimizerConfig;
use std::time::Instant;
use tch::Device;

type Failure = Box<dyn std::error::Error>;

#[expect(clippy::print_stdout, reason = "the measurement")]
fn main() -> Result<(), Failure> {
    let argument = |i, default: &str| std::env::args().nth(i).unwrap_or_else(|| default.to_owned());
    let (count, steps): (u64, u32) = (argument(1, "1").parse()?, argument(2, "3").parse()?);
    let precision = match argument(3, "fp32").as_str() {
        "bf16" => Precision::Bf16,
        "tf32" => Precision::Tf32,
        _ => Precision::Fp32,
    };
    let device = if argument(4, "cpu") == "cuda" { Device::Cuda(0) } else { Device::Cpu };

    let settings = DreamSettings { precision, ..DreamSettings::default() };
    let dreamer = dreamer(&settings, device)?;
    let begin = |seed| {
        let optimizer = OptimizerConfig::Adam(Default::default());
        dreamer.begin(&DreamSpec {
            prompt: Prompt::approach("a bear"),
            seed,
            optimizer,
            settings: settings.clone(),
        })
    };
    let mut dreams = (0..count).map(begin).collect::<Result<Vec<_>, _>>()?;
    dreamer.step(&mut dreams)?; // the first allocates
    dreams.iter_mut().for_each(|dream| drop(dream.take_trace()));
    let start = Instant::now();
    for _ in 0..steps {
        dreamer.step(&mut dreams)?;
    }
    let rows: Vec<_> = dreams.iter_mut().map(|dream| dream.take_trace()).collect(); // waits for the device
    let seconds = start.elapsed().as_secs_f64() / f64::from(steps);
    println!("{seconds:.3} s per step of {count} dreams, {:.3} s per dream", seconds / count as f64);
    println!("last: {:?}", rows[0].last());
    Ok(())
}

fn dreamer(settings: &DreamSettings, device: Device) -> Result<Dreamer, Failure> {
    let generator =
        TrainableGenerator::new(&biggan::Config::deep_512(), device, 0)?.freeze(settings.truncation)?;
    let clip = Clip::new(&clip::Config::vit_b_32(), 0, device)?;
    let tensors = clip.named_tensors().into_iter().map(|(name, tensor)| (name, tensor.detach()));
    let clip = Clip::load(Weights::from_tensors("random", tensors), device, settings.precision.kind())?;
    Ok(Dreamer::new(generator, clip, settings)?)
}
