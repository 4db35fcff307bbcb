use checkpoint::{CheckpointError, Weights};
use rand_chacha::{ChaCha8Rng, rand_core::SeedableRng};
use rand_distr::{Distribution, StandardNormal};
use tch::{Device, Kind, Tensor};

use crate::{Config, head::Head, model::logits, resnet::ResNet};

/// A DeepLabv3 in training: its batch norms normalize by the batch, and what they meet is kept as
/// running statistics.
///
/// There is neither dropout nor an auxiliary classifier: they are for networks that are larger than
/// their data.
#[derive(Debug)]
pub struct TrainableDeepLab {
    backbone: ResNet,
    classifier: Head,
    tensors: Vec<(String, Tensor)>,
}

impl TrainableDeepLab {
    /// A fresh one, a pure function of `seed`: convolutions from N(0, 2 / (side² · outputs)) (He et
    /// al. 2015, as torchvision's ResNet has them), batch norms that change nothing.
    ///
    /// # Errors
    /// When `config` describes no network: a layer without blocks, say.
    pub fn new(config: &Config, device: Device, seed: u64) -> Result<Self, CheckpointError> {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let named = config.tensors();
        let fresh = named.iter().map(|(name, shape)| (name.clone(), initial(name, shape, &mut rng)));
        let weights = Weights::from_tensors("fresh weights", fresh.collect::<Vec<_>>());
        let root = weights.root(Kind::Float, device);
        let backbone = ResNet::load(&root.sub("backbone"));
        let classifier = Head::load(&root.sub("classifier"), backbone.channels());
        weights.finish()?;
        let own = backbone.tensors().chain(classifier.tensors());
        let tensors = named.into_iter().zip(own).map(|((name, _), tensor)| {
            let tensor = tensor.set_requires_grad(!is_statistic(&name));
            (name, tensor)
        });
        let tensors = tensors.collect();
        Ok(Self { backbone, classifier, tensors })
    }

    /// The logits `[n, classes, h, w]` of `pixels [n, 3, h, w]`, which are
    /// [normalized](crate::normalize); n is at least 2.
    pub fn forward(&self, pixels: &Tensor) -> Tensor {
        logits(&self.backbone, &self.classifier, pixels)
    }

    /// The trainable parameters under torchvision's names, shared rather than copied.
    #[must_use]
    pub fn trainable_variables(&self) -> Vec<(String, Tensor)> {
        self.chosen(|name| !is_statistic(name))
    }

    /// The running means and variances, which [`forward`](Self::forward) changes: the tensors
    /// themselves, not copies.
    #[must_use]
    pub fn statistics(&self) -> Vec<(String, Tensor)> {
        self.chosen(is_statistic)
    }

    fn chosen(&self, wanted: impl Fn(&str) -> bool) -> Vec<(String, Tensor)> {
        let chosen = self.tensors.iter().filter(|(name, _)| wanted(name));
        chosen.map(|(name, tensor)| (name.clone(), tensor.shallow_clone())).collect()
    }
}

fn is_statistic(name: &str) -> bool {
    name.contains(".running_")
}

fn initial(name: &str, shape: &[i64], rng: &mut ChaCha8Rng) -> Tensor {
    let constant = |value: f64| Tensor::full(shape, value, (Kind::Float, Device::Cpu));
    if shape.len() == 4 {
        let count = shape.iter().product::<i64>() as usize;
        let numbers: Vec<f32> = StandardNormal.sample_iter(rng).take(count).collect();
        let std = (2.0 / (shape[0] * shape[2] * shape[3]) as f64).sqrt();
        return Tensor::from_slice(&numbers).view(shape) * std;
    }
    constant(if name.ends_with(".weight") || name.ends_with("running_var") { 1.0 } else { 0.0 })
}
