pub(crate) mod check;

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};
use thiserror::Error;

use self::check::{Fault, check};

/// The shape of a BigGAN-deep generator, as the `config.json` beside its weights states it.
///
/// Source: `pytorch-pretrained-biggan` 0.1.1, `config.py`. That package falls back to its 128 px
/// model for what the file leaves out; here every key is required, and unknown ones are refused.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Side of the square image, in pixels.
    pub output_dim: i64,
    /// Width of a latent vector.
    pub z_dim: i64,
    /// Width of the class embedding; equal to `z_dim`.
    pub class_embed_dim: i64,
    /// The number of channels that one unit of a layer's widths stands for.
    pub channel_width: i64,
    /// Classes that the generator knows.
    pub num_classes: i64,
    /// The blocks, from the 4 × 4 one up.
    pub layers: Vec<Layer>,
    /// The self-attention stands before the block of this index, counted from 0; nowhere, if there
    /// is no such block.
    pub attention_layer_position: usize,
    /// Added to variances, and the floor of norms in the spectral normalization.
    pub eps: f64,
    /// The number of batch-norm statistics stored, for truncations evenly spaced from 0 to 1.
    pub n_stats: i64,
}

/// One block: `[upsample, in, out]` in the file, widths in units of [`Config::channel_width`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(from = "(bool, i64, i64)", into = "(bool, i64, i64)")]
pub struct Layer {
    /// True if the block doubles the side of the image.
    pub upsample: bool,
    /// Width of its input.
    pub width_in: i64,
    /// Width of its output: that of the input, or half of it.
    pub width_out: i64,
}

/// Errors of reading a `config.json`.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("failed to read the generator's configuration `{}`", printable::path(path))]
    Read {
        /// The file.
        path: PathBuf,
        /// Error reported by the operating system.
        source: io::Error,
    },
    /// The file is not JSON, or a key is missing, unknown or of the wrong type.
    #[error("`{}` is not a configuration of BigGAN-deep", printable::path(path))]
    Parse {
        /// The file.
        path: PathBuf,
        /// The syntax or type error, with its position.
        source: serde_json::Error,
    },
    /// The values describe no generator.
    #[error("`{}:{line}:{column}` describes no generator: `{key}` {reason}", printable::path(path))]
    Impossible {
        /// The file.
        path: PathBuf,
        /// Line of the key, from 1.
        line: usize,
        /// Column of the key, from 1.
        column: usize,
        /// The key at fault.
        key: &'static str,
        /// The values that are allowed.
        reason: String,
    },
}

/// Width of the first block's input, in units of the channel width.
pub(crate) const WIDTH_AT_START: i64 = 16;
/// Side of the first block's input, in pixels.
pub(crate) const SIDE_AT_START: i64 = 4;
/// The inner convolutions of a block have its input's channels divided by this.
pub(crate) const BOTTLENECK: i64 = 4;
/// The widest narrowing in the network: queries and keys of the attention have a part in eight of
/// its channels.
pub(crate) const ATTENTION_BOTTLENECK: i64 = 8;

impl Config {
    /// Reads a `config.json`.
    ///
    /// # Errors
    /// When the file cannot be read or is no configuration; the message names file, line, column
    /// and key.
    pub fn read(path: &Path) -> Result<Self, ConfigError> {
        let text =
            fs::read_to_string(path).map_err(|source| ConfigError::Read { path: path.to_owned(), source })?;
        let config: Self = serde_json::from_str(&text)
            .map_err(|source| ConfigError::Parse { path: path.to_owned(), source })?;
        check(&config).map_err(|Fault { key, reason }| {
            let (line, column) = position(&text, key);
            ConfigError::Impossible { path: path.to_owned(), line, column, key, reason }
        })?;
        Ok(config)
    }

    /// The published 128 px model.
    #[must_use]
    pub fn deep_128() -> Self {
        Self::deep(128, &[16, 16, 8, 4, 2, 1])
    }

    /// The published 256 px model.
    #[must_use]
    pub fn deep_256() -> Self {
        Self::deep(256, &[16, 16, 8, 8, 4, 2, 1])
    }

    /// The published 512 px model.
    #[must_use]
    pub fn deep_512() -> Self {
        Self::deep(512, &[16, 16, 8, 8, 4, 2, 1, 1])
    }

    /// The published models: at every width of `widths` but the last, a block that keeps the side,
    /// then one that doubles it.
    fn deep(output_dim: i64, widths: &[i64]) -> Self {
        let stage = |pair: &[i64]| {
            let (width_in, width_out) = (pair[0], pair[1]);
            [
                Layer { upsample: false, width_in, width_out: width_in },
                Layer { upsample: true, width_in, width_out },
            ]
        };
        Self {
            output_dim,
            z_dim: 128,
            class_embed_dim: 128,
            channel_width: 128,
            num_classes: 1000,
            layers: widths.windows(2).flat_map(stage).collect(),
            attention_layer_position: 8,
            eps: 1e-4,
            n_stats: 51,
        }
    }

    /// Rows of latents and of class weights that make one image: one for the input projection, one
    /// for each block.
    #[must_use]
    pub fn num_latent_rows(&self) -> i64 {
        self.layers.len() as i64 + 1
    }

    /// Width of what conditions a layer: a latent vector and a class embedding.
    pub(crate) fn condition_dim(&self) -> i64 {
        self.z_dim + self.class_embed_dim
    }
}

impl From<(bool, i64, i64)> for Layer {
    fn from((upsample, width_in, width_out): (bool, i64, i64)) -> Self {
        Self { upsample, width_in, width_out }
    }
}

impl From<Layer> for (bool, i64, i64) {
    fn from(layer: Layer) -> Self {
        (layer.upsample, layer.width_in, layer.width_out)
    }
}

/// Line and column of a key, from 1. The text was parsed, so the key is there, once: unknown and
/// repeated ones are refused.
fn position(text: &str, key: &str) -> (usize, usize) {
    let before = text.find(&format!("\"{key}\"")).map_or("", |at| &text[..at]);
    let line = before.matches('\n').count() + 1;
    let column = before.chars().rev().take_while(|&c| c != '\n').count() + 1;
    (line, column)
}
