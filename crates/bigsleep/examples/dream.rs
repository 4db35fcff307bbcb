//! One image of a text, by the models that the repository carries:
//!
//!     cargo run --workspace --example dream -- "bicycle" bicycle.png
use std::{env, error::Error, path::Path};

use biggan::{Config, Generator};
use bigsleep::{DreamSettings, DreamSpec, Dreamer, Prompt};
use checkpoint::Weights;
use clip::{Activation, Clip};
use tch::{Device, Kind, vision};

fn main() -> Result<(), Box<dyn Error>> {
    let mut args = env::args().skip(1);
    let (text, file) = args.next().zip(args.next()).ok_or("usage: dream TEXT FILE.png")?;
    dream(&text, &file, 500)
}

pub(crate) fn dream(text: &str, file: &str, iterations: u32) -> Result<(), Box<dyn Error>> {
    let models = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../weights/mini"));
    let settings = DreamSettings { epochs: 1, iterations, cutouts: 8, ..DreamSettings::default() };

    let config = Config::read(&models.join("generator.json"))?;
    let generator = Weights::open(&models.join("generator.safetensors"))?;
    let generator = Generator::load(generator, &config, settings.truncation, Device::Cpu)?;
    let perceptor = Weights::open(&models.join("perceptor.safetensors"))?;
    let perceptor = Clip::load(perceptor, Some(Activation::QuickGelu), Device::Cpu, Kind::Float)?;
    let dreamer = Dreamer::new(generator, perceptor, &settings)?;

    let optimizer: optim::OptimizerConfig = toml::from_str("adam = { lr = 0.05 }")?;
    let spec = DreamSpec { prompt: Prompt::approach(text), seed: 0, optimizer: optimizer.into(), settings };
    let mut dreams = [dreamer.begin(&spec)?];
    for _ in 0..spec.settings.steps() {
        dreamer.step(&mut dreams)?;
    }
    let pixels = dreamer.image(&dreams[0]) * 255.0; // [3, side, side]
    Ok(vision::image::save(&pixels.to_kind(Kind::Uint8), file)?)
}
