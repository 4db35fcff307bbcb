use checkpoint::{CheckpointError, Weights};
use tch::{Device, Kind, Tensor};
use thiserror::Error;

use crate::{
    Config,
    config::check::{Fault, check},
    network::Network,
    norm::BatchStatistics,
};

/// A frozen BigGAN-deep: latents and class weights to images, gradients to both, none to its
/// weights.
///
/// Spectral norms, batch-norm statistics and their scales and offsets are folded into constants
/// when it is loaded.
#[derive(Debug)]
pub struct Generator {
    network: Network,
    config: Config,
}

/// Why a generator was not loaded.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum LoadError {
    /// The weights cannot be read, or are not those that the configuration asks for.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// The configuration describes no generator.
    #[error("the configuration describes no generator: `{key}` {reason}")]
    Config {
        /// The key at fault.
        key: &'static str,
        /// The values that are allowed.
        reason: String,
    },
    /// There are statistics for truncations from 0 to 1 only.
    #[error("truncation {truncation} is outside of 0 to 1")]
    Truncation {
        /// The truncation asked for.
        truncation: f64,
    },
}

impl Generator {
    /// Takes the weights of the model that `config` describes, under the names of
    /// `pytorch-pretrained-biggan` 0.1.1.
    ///
    /// `truncation` in `[0, 1]` picks the batch-norm statistics, and nothing else: latents are
    /// taken as they are. BigSleep has 1. Computation is in single precision, whatever the
    /// precision of the file.
    ///
    /// # Errors
    /// When the weights are not those of the model, all differences told at once; when `config`
    /// describes no generator; when `truncation` is out of range.
    pub fn load(
        weights: Weights,
        config: &Config,
        truncation: f64,
        device: Device,
    ) -> Result<Self, LoadError> {
        if !(0.0..=1.0).contains(&truncation) {
            return Err(LoadError::Truncation { truncation });
        }
        let network = take_network(weights, config, device)?.fold(truncation);
        Ok(Self { network, config: config.clone() })
    }

    /// Checks that [`load`](Self::load) would find all tensors of `config` in their shapes. Their
    /// numbers are not read.
    ///
    /// # Errors
    /// Those of [`load`](Self::load), but for tensors whose numbers cannot be read.
    pub fn check(weights: Weights, config: &Config) -> Result<(), LoadError> {
        take_network(weights.without_data(), config, Device::Cpu).map(drop)
    }

    /// The images of `latents [n, l, z]` and `class_weights [n, l, c]`: `[n, 3, s, s]` in `[-1,
    /// 1]`.
    ///
    /// There are l = [`Config::num_latent_rows`] rows: row 0 feeds the input projection, row i the
    /// i-th block. The model as published has one row for all (repeat it); BigSleep has one for
    /// each. Class weights are non-negative but need not add up to 1; a single class has weight 1.
    ///
    /// # Panics
    /// When shapes, kinds (single precision) or devices differ from these.
    pub fn forward(&self, latents: &Tensor, class_weights: &Tensor) -> Tensor {
        self.network.forward(latents, class_weights, &mut BatchStatistics::Off)
    }

    /// The configuration it was loaded with.
    #[must_use]
    pub fn config(&self) -> &Config {
        &self.config
    }
}

impl From<Fault> for LoadError {
    fn from(Fault { key, reason }: Fault) -> Self {
        Self::Config { key, reason }
    }
}

pub(crate) fn take_network(weights: Weights, config: &Config, device: Device) -> Result<Network, LoadError> {
    check(config)?;
    let network = Network::take(&weights.root(Kind::Float, device), config);
    weights.finish()?;
    Ok(network)
}
