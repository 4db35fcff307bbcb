use checkpoint::Weights;
use tch::{Device, Tensor};

use crate::{
    Config, Generator, LoadError,
    generator::take_network,
    initial,
    named::Role,
    network::Network,
    norm::{BatchStatistics, Moments},
    truncation::stored_truncations,
    weight::Weight,
};

/// A BigGAN-deep in training: true spectral normalization, and the statistics of the batch at hand.
///
/// One step of training: [`update_spectral_norms`](Self::update_spectral_norms),
/// [`forward`](Self::forward), backward, and an optimizer's step on
/// [`trainable_variables`](Self::trainable_variables). When it is done,
/// [`gather_statistics`](Self::gather_statistics), and save [`named_tensors`](Self::named_tensors).
#[derive(Debug)]
pub struct TrainableGenerator {
    network: Network,
    config: Config,
    device: Device,
}

impl TrainableGenerator {
    /// A fresh one: orthogonal weights (Brock et al. 2019, Appendix C), zero biases, gains of one.
    /// A pure function of `seed`.
    ///
    /// # Errors
    /// When `config` describes no generator.
    pub fn new(config: &Config, device: Device, seed: u64) -> Result<Self, LoadError> {
        let mut generator = Self::load(initial::weights(config, seed)?, config, device)?;
        generator.update_spectral_norms();
        Ok(generator)
    }

    /// Goes on with one that was saved.
    ///
    /// # Errors
    /// When the weights are not those of the model; when `config` describes no generator.
    pub fn load(weights: Weights, config: &Config, device: Device) -> Result<Self, LoadError> {
        let network = take_network(weights, config, device)?;
        for named in network.tensors().into_iter().filter(|named| named.role == Role::Parameter) {
            let _same_tensor = named.tensor.set_requires_grad(true);
        }
        Ok(Self { network, config: config.clone(), device })
    }

    /// One power iteration of every spectral norm. Once per step, before the forward pass that
    /// gradients are taken of: those hold on to the vectors that this changes.
    pub fn update_spectral_norms(&mut self) {
        self.network.weights_mut().into_iter().for_each(Weight::power_iterate);
    }

    /// The images of `latents [n, l, z]` and `class_weights [n, l, c]`: `[n, 3, s, s]` in `[-1,
    /// 1]`, normalized by the batch's own statistics. As for [`Generator::forward`] otherwise.
    pub fn forward(&self, latents: &Tensor, class_weights: &Tensor) -> Tensor {
        self.network.forward(latents, class_weights, &mut BatchStatistics::Off)
    }

    /// The trainable parameters under their published names, shared rather than copied.
    #[must_use]
    pub fn trainable_variables(&self) -> Vec<(String, Tensor)> {
        let tensors = self.network.tensors().into_iter();
        tensors
            .filter(|named| named.role == Role::Parameter)
            .map(|named| (named.name, named.tensor))
            .collect()
    }

    /// All that a checkpoint holds, under the published names: the tensors themselves, not copies.
    #[must_use]
    pub fn named_tensors(&self) -> Vec<(String, Tensor)> {
        self.network.tensors().into_iter().map(|named| (named.name, named.tensor)).collect()
    }

    /// Measures the statistics that a frozen generator normalizes by, for every stored truncation:
    /// the mean over `batches` of a batch's mean and (biased) variance, every layer fed by layers
    /// that use the batch's own.
    ///
    /// `draw(truncation)` gives the latents (drawn at that truncation) and class weights of a
    /// batch; no `batches` count as one.
    ///
    /// Source: "standing statistics", Brock et al. 2019, Section 3 and Appendix C.
    pub fn gather_statistics(&mut self, batches: u32, mut draw: impl FnMut(f64) -> (Tensor, Tensor)) {
        let _no_grad = tch::no_grad_guard();
        for (index, truncation) in stored_truncations(self.config.n_stats).enumerate() {
            let mut mean = self.moments(&draw(truncation));
            for _ in 1..batches {
                for (sum, new) in mean.iter_mut().zip(self.moments(&draw(truncation))) {
                    *sum += new;
                }
            }
            for (norm, sum) in self.network.norms_mut().zip(mean) {
                norm.store(index as i64, &(sum / f64::from(batches.max(1))));
            }
        }
    }

    /// Batch statistics of every normalization, in the order of the forward pass.
    fn moments(&self, (latents, class_weights): &(Tensor, Tensor)) -> Vec<Moments> {
        let mut statistics = BatchStatistics::On(Vec::new());
        let _image = self.network.forward(latents, class_weights, &mut statistics);
        statistics.into_moments()
    }

    /// A frozen copy, as [`Generator::load`] makes it of what
    /// [`named_tensors`](Self::named_tensors) saves.
    ///
    /// # Errors
    /// When `truncation` is out of range.
    pub fn freeze(&self, truncation: f64) -> Result<Generator, LoadError> {
        let weights = Weights::from_tensors("the generator in training", self.named_tensors());
        Generator::load(weights, &self.config, truncation, self.device)
    }

    /// The configuration it was built from.
    #[must_use]
    pub fn config(&self) -> &Config {
        &self.config
    }
}
