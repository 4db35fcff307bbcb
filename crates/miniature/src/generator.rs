use std::path::Path;

use biggan::{Config, TrainableGenerator};
use checkpoint::Weights;
use rand_chacha::ChaCha8Rng;
use tch::{Device, Kind, Tensor};

use crate::{
    Batch, GeneratorSettings, MiniatureError, Mixing, Renderer, Stream, Table, Training, TrainingConfig,
    Variation, batch, losses, numbers, random, sheet,
};

/// A generator in training, or done.
///
/// It learns to draw what a [`Renderer`] draws. Every row of its latents is drawn anew, as
/// `BigSleep`'s are, and the first row's first entries say where things are: the other rows must be
/// ignored. The rows of class weights, of which `BigSleep` optimizes every one on its own too, are
/// alike in half of the lessons, differ in the others, and their mean is drawn.
pub struct Drawing {
    generator: TrainableGenerator,
    renderer: Renderer,
    settings: GeneratorSettings,
    seed: u64,
    device: Device,
}

impl Drawing {
    /// Untrained.
    ///
    /// # Errors
    /// When a picture is missing, or the settings describe no generator.
    pub fn new(
        settings: &GeneratorSettings,
        table: &Table,
        data: &Path,
        seed: u64,
        device: Device,
    ) -> Result<Self, MiniatureError> {
        let config = &settings.network;
        let side = u32::try_from(config.output_dim).unwrap_or(u32::MAX);
        let renderer = Renderer::new(table, data, &settings.styles, side, Variation::NARROW, device)?;
        let generator = TrainableGenerator::new(config, device, seed)?;
        start_from_classes(&generator);
        Ok(Self { generator, renderer, settings: settings.clone(), seed, device })
    }

    /// Trains it, or goes on with that. Every checkpoint comes with a sheet of what it draws.
    ///
    /// # Errors
    /// When training diverges, or a file cannot be written.
    pub fn train(&mut self, config: TrainingConfig) -> Result<Training, MiniatureError> {
        let folder = config.folder.clone();
        let mut training = self.resume(config)?;
        let Self { generator, renderer, settings, seed, device } = self;
        training.run(
            |step| {
                let mut rng = numbers(*seed, Stream::Batch, step);
                let batch =
                    draw(renderer, &settings.network, settings.batch, Mixing::TRAINING, &mut rng, *device);
                generator.update_spectral_norms();
                let drawn = generator.forward(&batch.latents, &batch.class_weights);
                Ok(losses::drawing(&drawn, &batch.pictures))
            },
            |training| {
                let averaged = averaged(training, &settings.network, *device)?;
                show(&averaged, renderer, &settings.network, *seed, &folder)
            },
        )?;
        Ok(training)
    }

    /// The training as its last checkpoint left it.
    ///
    /// # Errors
    /// When the checkpoint is of another training.
    pub fn resume(&self, config: TrainingConfig) -> Result<Training, MiniatureError> {
        let trainable = self.generator.trainable_variables();
        let is_trainable = |name: &String| trainable.iter().any(|(known, _)| known == name);
        let mut buffers = self.generator.named_tensors();
        buffers.retain(|(name, _)| !is_trainable(name));
        Training::new(trainable, buffers, config)
    }

    /// Takes the averaged weights of a training, with standing statistics measured with them.
    ///
    /// # Errors
    /// Never for a training of this generator.
    pub fn finish(&self, training: &Training) -> Result<TrainableGenerator, MiniatureError> {
        let mut finished = averaged(training, &self.settings.network, self.device)?;
        let mut rng = numbers(self.seed, Stream::Statistics, 0);
        let config = &self.settings.network;
        finished.gather_statistics(self.settings.statistics, |truncation| {
            let batch =
                draw(&self.renderer, config, self.settings.batch, Mixing::TRAINING, &mut rng, self.device);
            (truncated(&batch.latents, &mut rng) * truncation, batch.class_weights)
        });
        Ok(finished)
    }
}

/// The network starts as one that knows of a class only, which is told loudly, and of the place of
/// things: random weights on the other latents would be noise to be unlearned.
fn start_from_classes(generator: &TrainableGenerator) {
    let z_dim = generator.config().z_dim;
    torch_ext::no_grad(|| {
        for (name, mut tensor) in generator.trainable_variables() {
            if name == "embeddings.weight" {
                tensor *= CLASS_LENGTH;
            } else if name.ends_with("gen_z.weight_orig") {
                let _ = tensor.narrow(1, Variation::ENTRIES, z_dim - Variation::ENTRIES).zero_();
            } else if name.ends_with("scale.weight_orig") || name.ends_with("offset.weight_orig") {
                let _ = tensor.narrow(1, 0, z_dim).zero_();
            }
        }
    });
}

/// Length of a class's embedding at first; that of a latent vector of 64 numbers is 8.
const CLASS_LENGTH: f64 = 12.0;

/// Training batch of one step.
struct TrainingBatch {
    latents: Tensor,       // [n, l, z]
    class_weights: Tensor, // [n, l, classes]
    pictures: Tensor,      // [n, 3, s, s] in [-1, 1]
}

fn draw(
    renderer: &Renderer,
    config: &Config,
    n: i64,
    mixing: Mixing,
    rng: &mut ChaCha8Rng,
    device: Device,
) -> TrainingBatch {
    let rows = config.num_latent_rows();
    let latents = random::normal(&[n, rows, config.z_dim], rng).to_device(device);
    let Batch { class_weights, .. } =
        batch(n, Variation::ENTRIES, renderer.num_objects(), renderer.num_scenes(), mixing, rng);
    let spread = (random::uniform(&[n, 1, 1], rng) * 2.0 - 1.0).clamp_min(0.0).to_device(device);
    let jitter = random::normal(&[n, rows, renderer.num_classes()], rng).to_device(device) * spread + 1.0;
    let class_weights = (class_weights.to_device(device).unsqueeze(1) * jitter).clamp(0.0, 1.0);
    let wanted = class_weights.mean_dim(1, false, Kind::Float);
    let pictures = torch_ext::no_grad(|| renderer.render(&latents.select(1, 0), &wanted).image);
    TrainingBatch { latents, class_weights, pictures }
}

/// Standard normal numbers without those beyond 2, which are drawn again; what truncation scales.
fn truncated(normal: &Tensor, rng: &mut ChaCha8Rng) -> Tensor {
    let again = random::normal(&normal.size(), rng).to_device(normal.device());
    again.where_self(&normal.abs().greater(2.0), normal).clamp(-2.0, 2.0)
}

fn averaged(
    training: &Training,
    config: &Config,
    device: Device,
) -> Result<TrainableGenerator, MiniatureError> {
    let copies = training.averaged().into_iter().chain(training.buffers());
    let copies: Vec<_> =
        torch_ext::no_grad(|| copies.map(|(name, tensor)| (name, tensor.detach().copy())).collect());
    Ok(TrainableGenerator::load(Weights::from_tensors("the training", copies), config, device)?)
}

/// Every object once, then mixtures, as they are drawn and as they should be.
fn show(
    generator: &TrainableGenerator,
    renderer: &Renderer,
    config: &Config,
    seed: u64,
    folder: &Path,
) -> Result<(), MiniatureError> {
    let device = generator.trainable_variables().first().map_or(Device::Cpu, |(_, tensor)| tensor.device());
    let mut rng = numbers(seed, Stream::Evaluation, 0);
    let lesson = draw(renderer, config, SHOWN, Mixing::TRAINING, &mut rng, device);
    let objects = renderer.num_objects().min(SHOWN / 2);
    let each = Tensor::eye(renderer.num_classes(), (Kind::Float, device)).narrow(0, 0, objects);
    let rows = config.num_latent_rows();
    lesson.class_weights.narrow(0, 0, objects).copy_(&each.unsqueeze(1).expand([-1, rows, -1], false));
    let drawn = torch_ext::no_grad(|| generator.forward(&lesson.latents, &lesson.class_weights));
    let wanted = torch_ext::no_grad(|| {
        let wanted = lesson.class_weights.mean_dim(1, false, Kind::Float);
        renderer.render(&lesson.latents.select(1, 0), &wanted).image
    });
    sheet::write(&drawn, SHEET_COLUMNS, 2, &folder.join("drawn.png"))?;
    sheet::write(&wanted, SHEET_COLUMNS, 2, &folder.join("wanted.png"))
}

const SHOWN: i64 = 96;
const SHEET_COLUMNS: i64 = 12;
