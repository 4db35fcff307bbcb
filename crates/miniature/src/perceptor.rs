use std::path::Path;

use clip::{CIFAR100, Clip, Tokenizer, normalize};
use rand::{
    RngExt,
    seq::{IndexedRandom, SliceRandom},
};
use rand_chacha::ChaCha8Rng;
use tch::{Device, Kind, Tensor};

use crate::{
    Content, Course, MiniatureError, PerceptorSettings, Renderer, Stream, Style, Table, Training, Variation,
    captions::{self, caption},
    distort::distort,
    losses, numbers, random, sample,
};

/// A perceptor in training, or done.
pub struct Perceptor {
    clip: Clip,
    tokenizer: Tokenizer,
    table: Table,
    renderer: Renderer,
    strangers: Vec<&'static str>,
    settings: PerceptorSettings,
    seed: u64,
}

/// What cosines are multiplied with, as in OpenAI's models. It is not trained: left free it settles far below, and then
/// `BigSleep`'s similarities have another scale.
pub const LOGIT_SCALE: f64 = 100.0;

/// Side of the pictures that it is shown parts of.
const SIDE: u32 = 64;

impl Perceptor {
    /// Untrained.
    ///
    /// # Errors
    /// When a picture is missing, or the settings describe no CLIP.
    pub fn new(
        settings: &PerceptorSettings,
        table: &Table,
        data: &Path,
        seed: u64,
        device: Device,
    ) -> Result<Self, MiniatureError> {
        let clip = Clip::new(&settings.network.into(), seed as i64, device)?;
        let mut logit_scale = clip.logit_scale().set_requires_grad(false);
        logit_scale.copy_(&Tensor::from(LOGIT_SCALE.ln()));
        let drawn = |name: &&str| table.classes.iter().any(|class| class.names().any(|known| known == *name));
        Ok(Self {
            tokenizer: clip.tokenizer(),
            clip,
            table: table.clone(),
            renderer: Renderer::new(table, data, &Style::ALL, SIDE, Variation::WIDE, device)?,
            strangers: CIFAR100.into_iter().filter(|name| !drawn(name)).collect(),
            settings: settings.clone(),
            seed,
        })
    }

    /// Trains it, or goes on with that.
    ///
    /// # Errors
    /// When training diverges, or a file cannot be written.
    pub fn train(&self, course: Course) -> Result<Training, MiniatureError> {
        let mut training = self.resume(course)?;
        training.run(|step| self.loss(step), |_| Ok(()))?;
        Ok(training)
    }

    /// The training as its last checkpoint left it.
    ///
    /// # Errors
    /// When the checkpoint is of another training.
    pub fn resume(&self, course: Course) -> Result<Training, MiniatureError> {
        let params = self.clip.named_tensors().into_iter().filter(|(name, _)| name != "logit_scale");
        Training::new(params.collect(), vec![], course)
    }

    /// The weights to keep: those of a training, and the logit scale.
    #[must_use]
    pub fn tensors(&self, training: &Training) -> Vec<(String, Tensor)> {
        let logit_scale = ("logit_scale".to_owned(), self.clip.logit_scale().shallow_clone());
        training.averaged().into_iter().chain([logit_scale]).collect()
    }

    fn loss(&self, step: u64) -> Result<Tensor, MiniatureError> {
        let mut rng = numbers(self.seed, Stream::Batch, step);
        let contents = self.contents(&mut rng);
        let mut texts: Vec<String> =
            contents.iter().map(|&content| caption(content, &self.table, &mut rng)).collect();
        let strangers: Vec<_> = self.strangers.sample(&mut rng, self.settings.strangers).collect();
        texts.extend(strangers.into_iter().map(|name| captions::object(name, &mut rng)));
        let pictures = self.pictures(&contents, &mut rng);
        let mut rng = numbers(self.seed, Stream::Distortion, step);
        let seen = distort(&pictures, self.clip.image_size(), self.settings.noise, &mut rng);
        let images = self.clip.encode_image(&normalize(&seen));
        let tokens = self.tokenizer.encode_batch(&texts)?.to_device(self.clip.device());
        Ok(losses::contrastive(&images, &self.clip.encode_text(&tokens), contents.len() as i64, LOGIT_SCALE))
    }

    /// Contents for a batch, no two the same: a caption fits one picture of the batch only.
    fn contents(&self, rng: &mut ChaCha8Rng) -> Vec<Content> {
        let (objects, scenes) = (self.table.classes.len(), self.table.scenes.len());
        let before_scenes =
            (0..objects).flat_map(|object| (0..scenes).map(move |scene| (Some(object), Some(scene))));
        let mut with_scene: Vec<_> = before_scenes.collect();
        with_scene.shuffle(rng);
        let mut alone: Vec<_> = (0..objects).map(|object| (Some(object), None)).collect();
        alone.shuffle(rng);
        let only_scenes = (0..scenes).map(|scene| (None, Some(scene)));
        let batch = self.settings.batch as usize;
        let alone = alone.into_iter().take((batch - scenes) * 5 / 8);
        let all = only_scenes.chain(alone).chain(with_scene).take(batch);
        all.map(|(object, scene)| Content { object, scene }).collect()
    }

    /// A picture of each content, in any of the styles, and then the jumbles: `[n, 3, SIDE, SIDE]` in [0, 1].
    fn pictures(&self, contents: &[Content], rng: &mut ChaCha8Rng) -> Tensor {
        let mut rows: Vec<f32> =
            contents.iter().flat_map(|&content| self.class_weights(content, rng)).collect();
        rows.extend((0..self.settings.jumbles).flat_map(|_| self.jumble(rng)));
        let n = (contents.len() + self.settings.jumbles) as i64;
        let weights = Tensor::from_slice(&rows).view([n, -1]).to_device(self.clip.device());
        let z = random::normal(&[n, Variation::ENTRIES], rng).to_device(self.clip.device());
        tch::no_grad(|| (self.renderer.render(&z, &weights).image + 1.0) * 0.5).to_kind(Kind::Float)
    }

    /// A content in one of the styles. Some are fainter than that, among a little of everything in the same style: an
    /// optimisation starts from such a picture, and the perceptor must tell it which way to go.
    fn class_weights(&self, content: Content, rng: &mut ChaCha8Rng) -> Vec<f32> {
        let (objects, scenes) = (self.table.classes.len(), self.table.scenes.len());
        let style = objects * rng.random_range(0..Style::ALL.len());
        let all_styles = objects * Style::ALL.len();
        let mut weights = vec![0.0; all_styles + scenes];
        let mut share = 1.0;
        if rng.random_bool(self.settings.clutter) {
            let little = sample::a_little_of_every(objects + scenes, rng);
            weights[style..style + objects].copy_from_slice(&little[..objects]);
            weights[all_styles..].copy_from_slice(&little[objects..]);
            share = rng.random_range(FAINTEST..1.0);
        }
        content.object.iter().for_each(|object| weights[style + object] = share);
        content.scene.iter().for_each(|scene| weights[all_styles + scene] = share);
        weights
    }

    /// Several objects of one style in one place, which no caption fits: nothing of the kind may look more like an object
    /// than the object does.
    fn jumble(&self, rng: &mut ChaCha8Rng) -> Vec<f32> {
        let objects = self.table.classes.len();
        let mut weights = self.class_weights(Content { object: None, scene: None }, rng);
        let style = objects * rng.random_range(0..Style::ALL.len());
        for _ in 0..rng.random_range(2..=5) {
            weights[style + rng.random_range(0..objects)] = rng.random_range(FAINTEST..0.7);
        }
        weights
    }
}

/// The least opacity of what a picture shows.
const FAINTEST: f32 = 0.15;
