//! BigGAN-deep: latents and class weights to images.
//!
//! A [`Generator`] is frozen, for optimising its inputs; a [`TrainableGenerator`] has the same
//! architecture and is trained. Read `network` first, then `block`: they are the paper's figures.

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
