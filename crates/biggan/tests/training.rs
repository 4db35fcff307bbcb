//! A generator in training, and what it becomes when it is frozen.
#![expect(clippy::unwrap_used, reason = "helpers of tests are not seen as tests")]

use std::collections::BTreeMap;

use biggan::{Config, Layer, TrainableGenerator};
use checkpoint::{Weights, write_safetensors};

use tch::{Device, Kind, Tensor};

/// Every kind of block, attention, and 16 px images.
fn tiny() -> Config {
    let layer = |upsample, width_in, width_out| Layer { upsample, width_in, width_out };
    Config {
        output_dim: 16,
        z_dim: 4,
        class_embed_dim: 4,
        channel_width: 4,
        num_classes: 3,
        layers: vec![
            layer(false, 16, 8),
            layer(true, 8, 4),
            layer(false, 4, 4),
            layer(true, 4, 2),
            layer(false, 2, 1),
        ],
        attention_layer_position: 2,
        eps: 1e-4,
        n_stats: 3,
    }
}

fn fresh(seed: u64) -> TrainableGenerator {
    tch::set_num_threads(1); // these networks are too small for two
    TrainableGenerator::new(&tiny(), Device::Cpu, seed).unwrap()
}

/// A batch of 6 whose rows differ, a function of `truncation`.
fn batch(config: &Config, truncation: f64) -> (Tensor, Tensor) {
    let waves = |width: i64, pitch: f64| {
        let size = 6 * config.num_latent_rows() * width;
        let t = Tensor::arange(size, (Kind::Float, Device::Cpu));
        (t * pitch).sin().reshape([6, config.num_latent_rows(), width])
    };
    (waves(config.z_dim, 1.7) * truncation, waves(config.num_classes, 0.9).abs())
}

/// Four steps of gradient descent towards a gray image; gives the losses.
fn train(generator: &mut TrainableGenerator) -> Vec<f64> {
    let (latents, classes) = batch(&tiny(), 1.0);
    let step = |_| {
        generator.update_spectral_norms();
        let loss = (generator.forward(&latents, &classes) - 0.3).square().mean(Kind::Float);
        loss.backward();
        for (_name, mut variable) in generator.trainable_variables() {
            let gradient = variable.grad();
            let _variable = torch_ext::no_grad(|| variable.g_sub_(&(gradient * 0.05)));
            variable.zero_grad();
        }
        loss.double_value(&[])
    };
    (0..4).map(step).collect()
}

fn largest_difference(a: &Tensor, b: &Tensor) -> f64 {
    (a - b).abs().max().double_value(&[])
}

#[test]
fn frozen_images_are_those_of_training_where_the_statistics_are_the_batch_s() {
    let mut generator = fresh(7);
    let losses = train(&mut generator);
    assert!(losses[3] < 0.9 * losses[0], "training does not lower the loss: {losses:?}");

    generator.gather_statistics(1, |truncation| batch(&tiny(), truncation));
    for truncation in [0.0, 0.5, 1.0] {
        let (latents, classes) = batch(&tiny(), truncation);
        let in_training = generator.forward(&latents, &classes);
        let frozen = generator.freeze(truncation).unwrap().forward(&latents, &classes);
        // The images span about 1; rounding in sixteen normalizations stays below 1e-5.
        assert!(in_training.std(true).double_value(&[]) > 0.1, "an image that cannot tell");
        let difference = largest_difference(&frozen, &in_training);
        assert!(difference < 1e-4, "truncation {truncation}: images differ by {difference:e}");
    }
}

#[test]
fn what_is_saved_is_loaded() {
    let mut generator = fresh(7);
    train(&mut generator);
    generator.gather_statistics(2, |truncation| batch(&tiny(), truncation + 0.1));

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("generator.safetensors");
    let named = generator.named_tensors();
    let borrowed: Vec<(&str, &Tensor)> = named.iter().map(|(name, tensor)| (name.as_str(), tensor)).collect();
    write_safetensors(&path, &borrowed, &BTreeMap::new()).unwrap();

    let (latents, classes) = batch(&tiny(), 0.7);
    let open = || Weights::open(&path).unwrap();
    let loaded = biggan::Generator::load(open(), &tiny(), 0.7, Device::Cpu).unwrap();
    let frozen = generator.freeze(0.7).unwrap();
    // The same numbers, though not at the same places in memory: summation may differ in the last
    // bit.
    let difference =
        largest_difference(&loaded.forward(&latents, &classes), &frozen.forward(&latents, &classes));
    assert!(difference < 1e-6, "frozen images differ by {difference:e}");
    let resumed = TrainableGenerator::load(open(), &tiny(), Device::Cpu).unwrap();
    let difference =
        largest_difference(&resumed.forward(&latents, &classes), &generator.forward(&latents, &classes));
    assert!(difference < 1e-6, "images in training differ by {difference:e}");
}

#[test]
fn a_fresh_generator_is_orthogonal_and_a_function_of_its_seed() {
    let weight = |generator: &TrainableGenerator| {
        let mut tensors = generator.named_tensors().into_iter();
        tensors.find(|(name, _)| name == "generator.layers.1.conv_1.weight_orig").unwrap().1
    };
    let first = weight(&fresh(7));
    assert_eq!(first, weight(&fresh(7)));
    assert!(largest_difference(&first, &weight(&fresh(8))) > 0.1);

    let rows = first.reshape([first.size()[0], -1]);
    let unit = Tensor::eye(first.size()[0], (Kind::Float, Device::Cpu));
    assert!(largest_difference(&rows.matmul(&rows.tr()), &unit) < 1e-5);
}

#[test]
fn gradients_reach_every_trainable_variable() {
    let mut generator = fresh(7);
    train(&mut generator); // gamma starts at 0, which shuts the attention off
    let (latents, classes) = batch(&tiny(), 1.0);
    generator.forward(&latents, &classes).square().sum(Kind::Float).backward();
    for (name, variable) in generator.trainable_variables() {
        // A bias before a normalization by the batch changes nothing.
        let before_norm =
            name.contains("conv_0.bias") || name.contains("conv_1.bias") || name.contains("conv_2.bias");
        let largest = variable.grad().abs().max().double_value(&[]);
        assert!(before_norm || largest > 1e-9, "{name} has no gradient");
    }
}
