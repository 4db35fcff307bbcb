use optim::OptimizerConfig;
use serde::{Deserialize, Serialize};

use crate::Style;

/// Training configuration of the whole set: `training.toml`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Seed of all random numbers.
    pub seed: u64,
    /// The generator's training.
    pub generator: GeneratorSettings,
    /// The training of the perceptor that dreams are optimized against.
    pub perceptor: PerceptorSettings,
    /// The perceptor's further training, against the generator.
    pub hardening: HardeningSettings,
    /// The training of the perceptor that no optimization sees.
    pub judge: PerceptorSettings,
    /// The segmenter's training.
    pub segmenter: SegmenterSettings,
}

/// Training configuration of a generator.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GeneratorSettings {
    /// The art it learns; every object is a class of its own in each of these.
    pub styles: Vec<Style>,
    /// Steps in all.
    pub steps: u64,
    /// Pictures per step.
    pub batch: i64,
    /// Decay of the averaged weights.
    pub average: f64,
    /// Batches that each of the standing statistics is the mean of.
    pub statistics: u32,
    /// The optimizer.
    pub optimizer: OptimizerConfig,
    /// The generator.
    pub network: biggan::Config,
}

/// Training configuration of a perceptor.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PerceptorSettings {
    /// Steps in all.
    pub steps: u64,
    /// Pictures per step, no two of the same content.
    pub batch: i64,
    /// Decay of the averaged weights.
    pub average: f64,
    /// Captions per step of CIFAR-100's other classes, which fit no picture.
    pub strangers: usize,
    /// Pictures per step that no caption fits: mixtures of several objects.
    pub jumbles: usize,
    /// Steps by which these mixtures come to resemble one of the captions.
    pub climbs: u32,
    /// The part of the pictures whose content is faint, among a little of everything.
    pub clutter: f64,
    /// True if these match their captions only as far as they are opaque.
    pub graded: bool,
    /// The largest standard deviation of the noise on a picture's pixels, which are in [0, 1].
    pub noise: f64,
    /// The optimizer.
    pub optimizer: OptimizerConfig,
    /// The perceptor.
    pub network: NetworkSizes,
}

/// Configuration of a perceptor's further training, with a generator that draws for it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HardeningSettings {
    /// Steps in all.
    pub steps: u64,
    /// Decay of the averaged weights.
    pub average: f64,
    /// Pictures of each step's batch that the generator draws.
    pub drawn: usize,
    /// Further images of the generator, that no caption fits.
    pub jumbles: usize,
    /// Steps by which these come to resemble one of the captions.
    pub climbs: u32,
    /// True if faint images match their captions only as far as they are opaque.
    pub graded: bool,
    /// The optimizer.
    pub optimizer: OptimizerConfig,
}

/// Training configuration of a segmenter.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SegmenterSettings {
    /// Steps in all.
    pub steps: u64,
    /// Pictures per step.
    pub batch: i64,
    /// Decay of the averaged weights.
    pub average: f64,
    /// Side that pictures are enlarged to, a multiple of 64.
    pub side: i64,
    /// The largest standard deviation of the noise on a picture's pixels, which are in [0, 1].
    pub noise: f64,
    /// The optimizer.
    pub optimizer: OptimizerConfig,
    /// The segmenter.
    pub network: deeplab::Config,
}

/// The sizes of a CLIP: [`clip::Config`], as a file states them.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "`clip::Config` says it")]
pub struct NetworkSizes {
    pub embed_dim: i64,
    pub image_size: i64,
    pub patch_size: i64,
    pub vision_width: i64,
    pub vision_layers: usize,
    pub context_length: i64,
    pub vocab_size: i64,
    pub text_width: i64,
    pub text_layers: usize,
}

impl From<NetworkSizes> for clip::Config {
    fn from(sizes: NetworkSizes) -> Self {
        let NetworkSizes { embed_dim, image_size, patch_size, vision_width, vision_layers, .. } = sizes;
        let NetworkSizes { context_length, vocab_size, text_width, text_layers, .. } = sizes;
        Self {
            embed_dim,
            image_size,
            patch_size,
            vision_width,
            vision_layers,
            context_length,
            vocab_size,
            text_width,
            text_layers,
            activation: clip::Activation::QuickGelu, // as OpenAI's
        }
    }
}

/// A batch holds each scene and some objects.
const LEAST_BATCH: i64 = 16;

impl Settings {
    /// Says what is out of range, if anything is: the setting and what it may be.
    #[must_use]
    pub fn fault(&self) -> Option<(&'static str, &'static str)> {
        let of_perceptor = |name, settings: &PerceptorSettings| {
            let sound = settings.batch >= LEAST_BATCH && (0.0..=1.0).contains(&settings.clutter);
            (sound, name, "its batch is at least 16, its clutter is from 0 to 1")
        };
        let rules = [
            (self.generator.batch >= 2, "generator", "its batch is at least 2"),
            of_perceptor("perceptor", &self.perceptor),
            of_perceptor("judge", &self.judge),
            (self.segmenter.batch >= 2, "segmenter", "its batch is at least 2"),
            (
                self.segmenter.side >= 64 && self.segmenter.side % 64 == 0,
                "segmenter",
                "its side is a multiple of 64",
            ),
        ];
        rules.into_iter().find(|(sound, ..)| !sound).map(|(_, name, allowed)| (name, allowed))
    }

    /// The settings that are built in.
    ///
    /// # Panics
    /// Never: a test reads the same text.
    #[must_use]
    pub fn embedded() -> Self {
        toml::from_str(include_str!("../training.toml")).expect("the settings that are built in were tested")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Table;

    #[test]
    fn the_generator_has_a_class_for_all_that_is_drawn() {
        let (settings, table) = (Settings::embedded().generator, Table::embedded());
        let classes = settings.styles.len() * table.classes.len() + table.scenes.len();
        assert_eq!(settings.network.num_classes, classes as i64);
    }

    #[test]
    fn what_is_out_of_range_is_named() {
        let mut settings = Settings::embedded();
        assert_eq!(settings.fault(), None);
        settings.judge.clutter = 1.5;
        assert_eq!(settings.fault().map(|(name, _)| name), Some("judge"));
        settings.generator.batch = 0;
        assert_eq!(settings.fault().map(|(name, _)| name), Some("generator"));
    }
}
