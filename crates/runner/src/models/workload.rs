//! Estimate of a step's work, from the sizes of the models.

use biggan::{Config, Layer};
use bigsleep::DreamSettings;
use checkpoint::Weights;
use model_sets::ModelSet;
use tch::{Device, Kind, Tensor};
use torch_ext::cuda::free_memory;

use super::load::{self, LoadError};

/// Above this, one cell is given all threads; below it, threads are better spent on a cell each. In
/// operations per step: about a second of one thread. On two cores, a thread each does 1.7 times as
/// many steps as two threads for one at 1e9, 1.16 times at 5e10, and from 2e11 on 1.04 to 1.09
/// times, which is not worth twice the memory: `benches/README.md`, the line between the two ways.
const SMALL: f64 = 1e11;
/// Cells beyond which a batch on a GPU gains nothing.
const MOST_IN_A_PACK: usize = 12;
/// The share of free memory that batches may plan with; what fragments, and what the estimate
/// misses, is the rest.
const USABLE_MEMORY: f64 = 0.7;

/// The work of a step of one cell.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Workload {
    /// Floating-point operations, forward and backward.
    pub operations: f64,
    /// Memory for each cell of a batch, in bytes, beyond the weights.
    pub bytes_per_cell: f64,
    /// Memory that all cells of a batch share, in bytes: a chunk of cutouts in the perceptor, and
    /// the perceptor that measures where dreams have another precision than single.
    pub bytes_shared: f64,
}

impl Workload {
    /// The work of dreams of such settings with a model set.
    ///
    /// # Errors
    /// When the models cannot be read.
    pub fn of_set(set: &ModelSet, dream: &DreamSettings) -> Result<Self, LoadError> {
        let generator = load::generator_config(set)?;
        let perceptor = load::open(set, &set.manifest.perceptor.weights)?;
        Ok(Self::of(&generator, &perceptor, dream))
    }

    /// The work that such a generator, perceptor and settings make.
    pub fn of(generator: &Config, perceptor: &Weights, dream: &DreamSettings) -> Self {
        let ruler = if dream.precision.kind() == Kind::Float { 0.0 } else { bytes_in_single(perceptor) };
        let perceptor = Perceptor::of(perceptor);
        let cutouts = f64::from(dream.cutouts) * f64::from(dream.gradient_accumulation);
        // Every weight multiplies every token once; backward to the input is as much again; two
        // operations each.
        let perceiving = 4.0 * perceptor.weights * perceptor.tokens * cutouts;
        let blocks = blocks(generator);
        let generating: f64 = blocks.iter().map(Block::operations).sum();
        Self {
            operations: perceiving + generating,
            bytes_per_cell: blocks.iter().map(Block::bytes).sum(),
            bytes_shared: perceptor.bytes_per_cutout() * f64::from(dream.cutouts.min(256)) + ruler,
        }
    }

    /// Returns true if one thread is best for a cell.
    pub fn is_small(&self) -> bool {
        self.operations < SMALL
    }

    /// Cells in a batch on a GPU.
    pub fn batch_on(&self, device: Device) -> usize {
        let Device::Cuda(gpu) = device else { return 1 };
        let Some(free) = free_memory(gpu) else { return 1 };
        let room = USABLE_MEMORY * free as f64 - self.bytes_shared;
        ((room / self.bytes_per_cell) as usize).clamp(1, MOST_IN_A_PACK)
    }

    /// Seconds that a step takes on this machine's CPU with as many threads, roughly: a matrix
    /// product tells its pace.
    pub fn seconds_on_cpu(&self, threads: usize) -> f64 {
        const SIDE: i64 = 512;
        /// Share of a matrix product's rate that the networks reach: their parts are smaller and
        /// bound by memory.
        const EFFICIENCY: f64 = 0.5;
        tch::set_num_threads(i32::try_from(threads).unwrap_or(i32::MAX));
        let matrix = Tensor::ones([SIDE, SIDE], (Kind::Float, Device::Cpu));
        let _warm = matrix.matmul(&matrix);
        let begun = std::time::Instant::now();
        let mut products = 0.0;
        while begun.elapsed().as_secs_f64() < 0.2 {
            let _product = matrix.matmul(&matrix);
            products += 1.0;
        }
        let pace = products * 2.0 * (SIDE as f64).powi(3) / begun.elapsed().as_secs_f64();
        self.operations / (EFFICIENCY * pace)
    }
}

/// What such weights take in single precision, in bytes.
fn bytes_in_single(weights: &Weights) -> f64 {
    let numbers = |name: String| weights.shape(&name).unwrap_or_default().iter().product::<i64>();
    4.0 * weights.names().into_iter().map(numbers).sum::<i64>() as f64
}

/// The sizes of an image tower, as its tensors' names and shapes tell, whoever named them.
struct Perceptor {
    weights: f64,
    tokens: f64,
    width: f64,
    layers: f64,
}

impl Perceptor {
    fn of(weights: &Weights) -> Self {
        let mut found = Self { weights: 0.0, tokens: 1.0, width: 1.0, layers: 0.0 };
        for name in weights.names() {
            if !(name.starts_with("visual.") || name.starts_with("vision_model.")) {
                continue;
            }
            let shape = weights.shape(&name).unwrap_or_default();
            found.weights += shape.iter().product::<i64>() as f64;
            if let ([tokens, width], true) = (&shape[..], name.contains("position")) {
                (found.tokens, found.width) = (*tokens as f64, *width as f64);
            }
            if name.ends_with("mlp.c_fc.bias") || name.ends_with("mlp.fc1.bias") {
                found.layers += 1.0;
            }
        }
        found
    }

    /// Bytes kept for the backward pass: some sixteen tensors of the width for every token and
    /// layer.
    fn bytes_per_cutout(&self) -> f64 {
        4.0 * 16.0 * self.tokens * self.width * self.layers
    }
}

/// One block of the generator, at its place.
struct Block {
    layer: Layer,
    channel_width: f64,
    pixels_in: f64,
    pixels_out: f64,
}

fn blocks(config: &Config) -> Vec<Block> {
    let mut side = 4.0;
    let block = |layer: &Layer| {
        let pixels_in = side * side;
        if layer.upsample {
            side *= 2.0;
        }
        Block {
            layer: *layer,
            channel_width: config.channel_width as f64,
            pixels_in,
            pixels_out: side * side,
        }
    };
    config.layers.iter().map(block).collect()
}

impl Block {
    fn widths(&self) -> (f64, f64, f64) {
        let width_in = self.layer.width_in as f64 * self.channel_width;
        (width_in, width_in / 4.0, self.layer.width_out as f64 * self.channel_width)
    }

    /// Four convolutions: 1×1, twice 3×3, 1×1; forward and backward. The first 3×3 has the
    /// upsampling in it, if there is one.
    fn operations(&self) -> f64 {
        let (width_in, middle, width_out) = self.widths();
        let first = if self.layer.upsample { 4.0 } else { 9.0 };
        let forward = width_in * middle * self.pixels_in
            + ((first + 9.0) * middle * middle + middle * width_out) * self.pixels_out;
        4.0 * forward
    }

    /// Bytes kept for the backward pass: inputs and outputs of norms, activations and convolutions.
    fn bytes(&self) -> f64 {
        let (width_in, middle, width_out) = self.widths();
        4.0 * (3.0 * width_in * self.pixels_in + (8.0 * middle + 2.0 * width_out) * self.pixels_out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_published_generator_is_as_large_as_measured() {
        let blocks = blocks(&Config::deep_512());
        let bytes: f64 = blocks.iter().map(Block::bytes).sum();
        // A step of one cell was measured at 2.5 to 2.8 GB with a perceptor's chunk in it.
        assert!((1.0e9..3.0e9).contains(&bytes), "{bytes:e}");
    }
}
