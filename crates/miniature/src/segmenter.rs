use std::path::Path;

use deeplab::{CLASSES, TrainableDeepLab, normalize};
use rand::{RngExt, seq::IndexedRandom};
use rand_chacha::ChaCha8Rng;
use tch::{Device, Kind, Reduction, Tensor};

use crate::{
    MiniatureError, Renderer, SegmenterSettings, Stream, Style, Table, Training, TrainingConfig, Variation,
    distort::{add_noise, blur_some},
    numbers, random,
};

/// A segmenter in training, or done: it tells which pixels belong to an object that Pascal VOC has
/// a class for; all else is background.
pub struct Segmenter {
    network: TrainableDeepLab,
    renderer: Renderer,
    /// VOC's number of each of the table's objects, 0 for those that it does not have.
    voc: Vec<i64>,
    settings: SegmenterSettings,
    seed: u64,
    device: Device,
}

/// Side of the pictures; a segmenter sees them enlarged.
const SIDE: i64 = 64;

impl Segmenter {
    /// Untrained.
    ///
    /// # Errors
    /// When a picture is missing, or the settings describe no network.
    pub fn new(
        settings: &SegmenterSettings,
        table: &Table,
        data: &Path,
        seed: u64,
        device: Device,
    ) -> Result<Self, MiniatureError> {
        let network = TrainableDeepLab::new(&settings.network, device, seed)?;
        let renderer = Renderer::new(table, data, &Style::ALL, SIDE as u32, Variation::WIDE, device)?;
        Ok(Self { network, renderer, voc: voc(table), settings: settings.clone(), seed, device })
    }

    /// Trains it, or goes on with that.
    ///
    /// # Errors
    /// When training diverges, or a file cannot be written.
    pub fn train(&self, config: TrainingConfig) -> Result<Training, MiniatureError> {
        let mut training = self.resume(config)?;
        training.run(|step| Ok(self.loss(step)), |_| Ok(()))?;
        Ok(training)
    }

    /// The training as its last checkpoint left it.
    ///
    /// # Errors
    /// When the checkpoint is of another training.
    pub fn resume(&self, config: TrainingConfig) -> Result<Training, MiniatureError> {
        Training::new(self.network.trainable_variables(), self.network.statistics(), config)
    }

    /// The weights to keep.
    #[must_use]
    pub fn tensors(&self, training: &Training) -> Vec<(String, Tensor)> {
        training.averaged().into_iter().chain(training.buffers()).collect()
    }

    fn loss(&self, step: u64) -> Tensor {
        let (images, classes) = self.lesson(step);
        let side = self.settings.side;
        let enlarge = |images: &Tensor| images.upsample_bilinear2d([side, side], false, None, None);
        let logits = self.network.forward(&normalize(&enlarge(&images)));
        let classes = classes.repeat_interleave_self_int(side / SIDE, 1, None);
        let classes = classes.repeat_interleave_self_int(side / SIDE, 2, None);
        logits.cross_entropy_loss::<Tensor>(&classes, None, Reduction::Mean, -100, 0.0)
    }

    /// Images `[n, 3, SIDE, SIDE]` in [0, 1] and the class of each pixel `[n, SIDE, SIDE]`.
    fn lesson(&self, step: u64) -> (Tensor, Tensor) {
        let mut rng = numbers(self.seed, Stream::Batch, step);
        let n = self.settings.batch;
        let shown: Vec<Shown> = (0..n).map(|_| self.shown(&mut rng)).collect();
        let weights: Vec<f32> = shown.iter().flat_map(|shown| shown.weights.iter().copied()).collect();
        let weights = Tensor::from_slice(&weights).view([n, -1]).to_device(self.device);
        let column = |value: fn(&Shown) -> f64| {
            let values: Vec<f32> = shown.iter().map(|shown| value(shown) as f32).collect();
            Tensor::from_slice(&values).view([n, 1, 1]).to_device(self.device)
        };
        let z = random::normal(&[n, Variation::ENTRIES], &mut rng).to_device(self.device);
        let pictures = torch_ext::no_grad(|| self.renderer.render(&z, &weights));
        let is_object = pictures.cover.squeeze_dim(1).greater_tensor(&(column(|shown| shown.opacity) * 0.5));
        let classes = is_object.to_kind(Kind::Int64) * column(|shown| shown.voc as f64).to_kind(Kind::Int64);
        let mut rng = numbers(self.seed, Stream::Distortion, step);
        let images = blur_some(&((pictures.image + 1.0) * 0.5).to_kind(Kind::Float), &mut rng);
        (add_noise(&images, self.settings.noise, &mut rng), classes)
    }

    /// An object, half of the time one that VOC has, before a scene or none, and less opaque now
    /// and then.
    fn shown(&self, rng: &mut ChaCha8Rng) -> Shown {
        let objects = self.voc.len();
        let in_voc: Vec<usize> = (0..objects).filter(|&object| self.voc[object] > 0).collect();
        let any = rng.random_range(0..objects);
        let object = if rng.random_bool(0.5) { *in_voc.choose(rng).unwrap_or(&any) } else { any };
        let opacity = if rng.random_bool(0.5) { 1.0 } else { rng.random_range(0.6..1.0) };
        let mut weights = vec![0.0; self.renderer.num_classes() as usize];
        weights[objects * rng.random_range(0..Style::ALL.len()) + object] = opacity;
        if rng.random_bool(0.4) {
            let scenes = self.renderer.num_objects()..self.renderer.num_classes();
            weights[rng.random_range(scenes) as usize] = 1.0;
        }
        Shown { weights, voc: self.voc[object], opacity: f64::from(opacity) }
    }
}

/// Content of a training picture.
struct Shown {
    weights: Vec<f32>,
    voc: i64,
    opacity: f64,
}

/// VOC's number of each of the table's objects, 0 (the background) for those that it has no class
/// for.
pub(crate) fn voc(table: &Table) -> Vec<i64> {
    let number = |name: &str| CLASSES.iter().position(|class| *class == name).unwrap_or_default() as i64;
    table.classes.iter().map(|class| class.voc.as_deref().map_or(0, number)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_voc_name_in_the_table_is_one() {
        let table = Table::embedded();
        for (class, number) in table.classes.iter().zip(voc(&table)) {
            assert_eq!(class.voc.is_some(), number > 0, "{}", class.name);
        }
    }
}
