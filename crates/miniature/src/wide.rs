use biggan::Config;
use tch::Tensor;

/// A generator with as many classes as a published BigGAN, and more latents than it was trained
/// with. It draws the same images.
///
/// `BigSleep`'s losses are made for the published sizes: the class loss is a mean over all classes
/// but the largest, the latent loss over all latents. With few of either they pull twenty times as
/// hard at each, and an optimizer's step of the published size is too long. Also, the published
/// classes are many of a kind (120 are dogs), so that a picture's gradient is shared among many
/// weights. So here [`ENTRIES`](Self::ENTRIES) class weights mean one class, which is as strong as
/// their mean; the other classes draw nothing, and further latents are without effect.
pub(crate) struct Wide<'c> {
    config: &'c Config,
}

impl<'c> Wide<'c> {
    /// Class weights that stand for one class.
    pub(crate) const ENTRIES: i64 = 4;
    /// Classes of a published BigGAN.
    pub(crate) const CLASSES: i64 = 1000;
    /// Latents of a row.
    pub(crate) const LATENTS: i64 = 192;

    /// Of a generator with fewer classes and latents.
    pub(crate) fn of(config: &'c Config) -> Self {
        Self { config }
    }

    /// Its sizes.
    pub(crate) fn config(&self) -> Config {
        Config {
            num_classes: Self::CLASSES,
            z_dim: Self::LATENTS,
            class_embed_dim: Self::LATENTS,
            ..self.config.clone()
        }
    }

    /// Its tensor of this name, given the narrow generator's.
    pub(crate) fn tensor(&self, name: &str, tensor: &Tensor) -> Tensor {
        let more = Self::LATENTS - self.config.z_dim;
        if name == "embeddings.weight" {
            let entries = Self::class_weights(tensor) / Self::ENTRIES as f64; // [class_embed_dim, CLASSES]
            return entries.constant_pad_nd([0, 0, 0, more]);
        }
        let is_of_condition = ["gen_z.", ".scale.", ".offset."].iter().any(|part| name.contains(part));
        if !(is_of_condition && (name.ends_with("weight_orig") || name.ends_with("weight_v"))) {
            return tensor.shallow_clone();
        }
        // The last dimension is a latent vector and behind it a class's embedding.
        let halves = tensor.chunk(2, -1);
        Tensor::cat(&[halves[0].constant_pad_nd([0, more]), halves[1].constant_pad_nd([0, more])], -1)
    }

    /// The weights `[.., CLASSES]` that mean the same as those of the classes themselves, `[..,
    /// n]`.
    pub(crate) fn class_weights(weights: &Tensor) -> Tensor {
        let entries = weights.repeat_interleave_self_int(Self::ENTRIES, -1, None);
        let spare = Self::CLASSES - entries.size().last().copied().unwrap_or_default();
        entries.constant_pad_nd([0, spare])
    }
}

#[cfg(test)]
mod tests {
    use biggan::{Generator, Layer, TrainableGenerator};
    use checkpoint::Weights;
    use tch::{Device, Kind};

    use super::*;

    fn block(upsample: bool, width_in: i64) -> Layer {
        Layer { upsample, width_in, width_out: width_in / 2 }
    }

    #[test]
    fn a_wide_generator_draws_the_same() {
        let config = Config {
            output_dim: 8,
            z_dim: 6,
            class_embed_dim: 6,
            channel_width: 4,
            num_classes: 5,
            layers: vec![block(true, 16), block(false, 8), block(false, 4), block(false, 2)],
            attention_layer_position: 0,
            eps: 1e-4,
            n_stats: 3,
        };
        let narrow = TrainableGenerator::new(&config, Device::Cpu, 1).expect("a generator");
        let wide = Wide::of(&config);
        let tensors = narrow.named_tensors().into_iter().map(|(name, tensor)| {
            let tensor = wide.tensor(&name, &tensor.detach());
            (name, tensor)
        });
        let weights = Weights::from_tensors("wide", tensors.collect::<Vec<_>>());
        let wide = Generator::load(weights, &wide.config(), 1.0, Device::Cpu).expect("the same, wider");
        let narrow = narrow.freeze(1.0).expect("frozen");
        let numbers = |shape: &[i64]| Tensor::rand(shape, (Kind::Float, Device::Cpu));
        let (z, classes) = (numbers(&[3, 5, 6]) * 4.0 - 2.0, numbers(&[3, 5, 5]));
        let more = numbers(&[3, 5, Wide::LATENTS - 6]);
        let drawn = narrow.forward(&z, &classes);
        let drawn_wide = wide.forward(&Tensor::cat(&[z, more], -1), &Wide::class_weights(&classes));
        assert!(drawn.std(true).double_value(&[]) > 0.01);
        assert!((drawn - drawn_wide).abs().max().double_value(&[]) < 1e-5);
    }
}
