//! The models that are measured: of files, or random ones of any size.

use std::{error::Error, path::Path};

use biggan::{Config, Generator, TrainableGenerator};
use bigsleep::DreamSettings;
use checkpoint::Weights;
use clip::{Activation, Clip};
use runner::models::Workload;
use tch::Device;

/// Error of any thread.
pub(crate) type Failure = Box<dyn Error + Send + Sync>;

/// The published models' channel width.
pub(crate) const PUBLISHED: i64 = 128;

pub(crate) struct Models {
    pub(crate) generator: Generator,
    pub(crate) perceptor: Clip,
    pub(crate) operations: Operations,
}

/// The floating-point operations of a step of one dream, as the runner estimates them.
#[derive(Clone, Copy)]
pub(crate) struct Operations {
    pub(crate) generator: f64,
    pub(crate) perceptor: f64,
}

impl Models {
    /// Reads the models of a folder, under the miniature's file names or the published ones.
    pub(crate) fn read(folder: &Path, settings: &DreamSettings, device: Device) -> Result<Self, Failure> {
        let names = if folder.join("generator.json").exists() {
            ["generator.json", "generator.safetensors", "perceptor.safetensors"]
        } else {
            ["config.json", "pytorch_model.bin", "ViT-B-32.pt"]
        };
        let [config, generator, perceptor] = names.map(|name| folder.join(name));
        let config = Config::read(&config)?;
        let generator = Generator::load(Weights::open(&generator)?, &config, settings.truncation, device)?;
        Self::new(generator, Weights::open(&perceptor)?, settings, device)
    }

    /// Random ones: of the published sizes with their channel width, [`PUBLISHED`]; with fewer
    /// channels a generator of 128 px and a perceptor as much narrower and shallower.
    pub(crate) fn random(channels: i64, settings: &DreamSettings, device: Device) -> Result<Self, Failure> {
        let (generator, perceptor) = sizes(channels);
        let generator = TrainableGenerator::new(&generator, device, 0)?.freeze(settings.truncation)?;
        let perceptor = Clip::new(&perceptor, 0, device)?.named_tensors().into_iter();
        let perceptor = perceptor.map(|(name, tensor)| (name, tensor.detach()));
        Self::new(generator, Weights::from_tensors("random", perceptor), settings, device)
    }

    fn new(
        generator: Generator,
        perceptor: Weights,
        settings: &DreamSettings,
        device: Device,
    ) -> Result<Self, Failure> {
        let of = |settings: &DreamSettings| Workload::of(generator.config(), &perceptor, settings).operations;
        let generating = of(&DreamSettings { cutouts: 0, ..settings.clone() });
        let operations = Operations { generator: generating, perceptor: of(settings) - generating };
        let perceptor =
            Clip::load(perceptor, Some(Activation::QuickGelu), device, settings.precision.kind())?;
        Ok(Self { generator, perceptor, operations })
    }
}

fn sizes(channels: i64) -> (Config, clip::Config) {
    if channels == PUBLISHED {
        return (Config::deep_512(), clip::Config::vit_b_32());
    }
    let published = clip::Config::vit_b_32();
    let heads = (published.vision_width * channels / PUBLISHED / 64).max(1);
    let perceptor = clip::Config {
        vision_width: 64 * heads,
        vision_layers: published.vision_layers * heads as usize / 12 + 1,
        text_width: 64,
        text_layers: 1,
        ..published
    };
    (Config { channel_width: channels, ..Config::deep_128() }, perceptor)
}
