//! BigGAN-deep: latents and class weights to images.
//!
//! A [`Generator`] is frozen, for optimizing its inputs; a [`TrainableGenerator`] has the same
//! architecture and is trained. Read `network` first, then `block`: they are the paper's figures.
//!
//! ```
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # use biggan::{Config, Layer, TrainableGenerator};
//! # use tch::{Device, Kind, Tensor};
//! # let block = |width_in, width_out| Layer { upsample: true, width_in, width_out };
//! # let config = Config {
//! #     output_dim: 64,
//! #     z_dim: 16,
//! #     class_embed_dim: 16,
//! #     channel_width: 4,
//! #     num_classes: 10,
//! #     layers: vec![block(16, 8), block(8, 4), block(4, 2), block(2, 1)],
//! #     ..Config::deep_128()
//! # };
//! // Or `Generator::load`, with the weights and the `config.json` of a model.
//! let generator = TrainableGenerator::new(&config, Device::Cpu, 0)?.freeze(1.0)?;
//!
//! let rows = generator.config().num_latent_rows(); // one for the start, one for each of four blocks
//! let latents = Tensor::randn([2, rows, 16], (Kind::Float, Device::Cpu)).set_requires_grad(true);
//! let class_weights = Tensor::full([2, rows, 10], 0.1, (Kind::Float, Device::Cpu));
//! let images = generator.forward(&latents, &class_weights);
//! assert_eq!(images.size(), [2, 3, 64, 64]);
//! images.sum(Kind::Float).backward(); // to the latents
//! # Ok(())
//! # }
//! ```

mod attention;
mod block;
mod config;
mod conv;
mod generator;
mod initial;
mod named;
mod network;
mod norm;
mod trainable;
mod truncation;
mod weight;

pub use config::{Config, ConfigError, Layer};
pub use generator::{Generator, LoadError};
pub use trainable::TrainableGenerator;
