use std::path::Path;

use clip::{CIFAR100, Clip, Tokenizer, normalize};
use rand::{
    RngExt,
    seq::{IndexedRandom, SliceRandom},
};
use rand_chacha::ChaCha8Rng;
use tch::{Device, Kind, Tensor};

use crate::{
    Content, LoopGenerator, MiniatureError, PerceptorSettings, Renderer, Stream, Style, Table, Training,
    TrainingConfig, Variation,
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
    loop_generator: Option<LoopGenerator>,
    seed: u64,
}

/// Scale of the cosines, as in OpenAI's models. It is not trained: left free it settles far below,
/// and then `BigSleep`'s similarities have another scale.
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
            loop_generator: None,
            seed,
        })
    }

    /// Goes on from the averaged weights of its training, with a generator that draws for it.
    #[must_use]
    pub fn hardened(self, training: &Training, loop_generator: LoopGenerator) -> Self {
        let mut own = self.clip.named_tensors();
        own.retain(|(name, _)| name != "logit_scale");
        for ((_, mut own), (_, learnt)) in own.into_iter().zip(training.averaged()) {
            torch_ext::no_grad(|| own.copy_(&learnt));
        }
        Self { loop_generator: Some(loop_generator), ..self }
    }

    /// Trains it, or goes on with that.
    ///
    /// # Errors
    /// When training diverges, or a file cannot be written.
    pub fn train(&self, config: TrainingConfig) -> Result<Training, MiniatureError> {
        let mut training = self.resume(config)?;
        training.run(|step| self.loss(step), |_| Ok(()))?;
        Ok(training)
    }

    /// The training as its last checkpoint left it.
    ///
    /// # Errors
    /// When the checkpoint is of another training.
    pub fn resume(&self, config: TrainingConfig) -> Result<Training, MiniatureError> {
        let params = self.clip.named_tensors().into_iter().filter(|(name, _)| name != "logit_scale");
        Training::new(params.collect(), vec![], config)
    }

    /// The weights to keep: those of a training, and the logit scale.
    #[must_use]
    pub fn tensors(&self, training: &Training) -> Vec<(String, Tensor)> {
        let logit_scale = ("logit_scale".to_owned(), self.clip.logit_scale().shallow_clone());
        training.averaged().into_iter().chain([logit_scale]).collect()
    }

    fn loss(&self, step: u64) -> Result<Tensor, MiniatureError> {
        let mut rng = numbers(self.seed, Stream::Batch, step);
        let mut contents = self.contents(&mut rng);
        if self.loop_generator.is_some() {
            contents.shuffle(&mut rng); // the last ones are drawn
        }
        let mut texts: Vec<String> =
            contents.iter().map(|&content| caption(content, &self.table, &mut rng)).collect();
        let strangers: Vec<_> = self.strangers.sample(&mut rng, self.settings.strangers).collect();
        texts.extend(strangers.into_iter().map(|name| captions::object(name, &mut rng)));
        let tokens = self.tokenizer.encode_batch(&texts)?.to_device(self.clip.device());
        let captions = self.clip.encode_text(&tokens);
        let fixed = captions.detach();
        let drawn = self
            .loop_generator
            .as_ref()
            .map_or(0, |loop_generator| loop_generator.settings.drawn.min(contents.len()));
        let (rendered, drawn) = contents.split_at(contents.len() - drawn);
        let (rendered, mut opacities) = self.pictures(rendered, &mut rng);
        let mut pictures = vec![rendered];
        if let Some(loop_generator) = &self.loop_generator {
            let (drawn, theirs) = loop_generator.draw(drawn, &mut rng);
            pictures.push(drawn);
            opacities.extend(theirs);
            pictures.push(self.drawn_negatives(loop_generator, &contents, &fixed, &mut rng));
        }
        if self.settings.jumbles > 0 {
            pictures.push(self.jumbles(&contents, &fixed, &mut rng));
        }
        let mut rng = numbers(self.seed, Stream::Distortion, step);
        let images = self.look(&Tensor::cat(&pictures, 0), &mut rng);
        let graded = self
            .loop_generator
            .as_ref()
            .map_or(self.settings.graded, |loop_generator| loop_generator.settings.graded);
        if !graded {
            opacities.fill(1.0);
        }
        let opacities = Tensor::from_slice(&opacities).to_device(images.device());
        Ok(losses::contrastive(&images, &captions, &opacities, LOGIT_SCALE))
    }

    /// The embeddings of pictures `[n, 3, s, s]` in [0, 1], each seen in its own way.
    fn look(&self, pictures: &Tensor, rng: &mut ChaCha8Rng) -> Tensor {
        let seen = distort(pictures, self.clip.image_size(), self.settings.noise, rng);
        self.clip.encode_image(&normalize(&seen))
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

    /// A picture of each content, in any of the styles: `[n, 3, SIDE, SIDE]` in [0, 1]; and how
    /// opaque each content is.
    fn pictures(&self, contents: &[Content], rng: &mut ChaCha8Rng) -> (Tensor, Vec<f32>) {
        let n = contents.len();
        let (rows, opacities): (Vec<_>, Vec<_>) =
            contents.iter().map(|&content| self.class_weights(content, rng)).unzip();
        let z = random::normal(&[n as i64, Variation::ENTRIES], rng).to_device(self.clip.device());
        (torch_ext::no_grad(|| self.render(&z, &self.rows(&rows.concat(), n))), opacities)
    }

    fn render(&self, z: &Tensor, weights: &Tensor) -> Tensor {
        ((self.renderer.render(z, weights).image + 1.0) * 0.5).to_kind(Kind::Float)
    }

    fn rows(&self, numbers: &[f32], n: usize) -> Tensor {
        Tensor::from_slice(numbers).view([n as i64, -1]).to_device(self.clip.device())
    }

    /// A content in one of the styles. Some are fainter than that, among a little of everything in
    /// the same style: an optimization starts from such a picture, and the perceptor must tell it
    /// which way to go. Also the content's own weight.
    fn class_weights(&self, content: Content, rng: &mut ChaCha8Rng) -> (Vec<f32>, f32) {
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
        (weights, share)
    }

    /// Pictures of several objects in one place, which no caption fits, although each does its best
    /// to be taken for what one of the captions says: `[jumbles, 3, SIDE, SIDE]` in [0, 1].
    ///
    /// An optimization ends at such a picture if the perceptor values it as much as the object
    /// itself. So the weights of all classes but those that the caption names climb along the
    /// gradient of its similarity: adversarial training (Madry et al. 2018) in the space where
    /// dreams are optimized.
    fn jumbles(&self, contents: &[Content], captions: &Tensor, rng: &mut ChaCha8Rng) -> Tensor {
        let n = self.settings.jumbles;
        let jumbles: Vec<Jumble> = (0..n).map(|_| self.jumble(contents, rng)).collect();
        let weights = jumbles.iter().flat_map(|jumble| jumble.weights.iter().copied()).collect::<Vec<f32>>();
        let free = jumbles.iter().flat_map(|jumble| jumble.free.iter().copied()).collect::<Vec<f32>>();
        let (mut logits, free) = (self.rows(&weights, n).logit(LEAST), self.rows(&free, n));
        let feigned: Vec<i64> = jumbles.iter().map(|jumble| jumble.caption).collect();
        let captions = captions.index_select(0, &Tensor::from_slice(&feigned).to_device(captions.device()));
        let z = random::normal(&[n as i64, Variation::ENTRIES], rng).to_device(self.clip.device());
        let stride = (random::uniform(&[n as i64, 1], rng) + 0.5).to_device(self.clip.device());
        for _ in 0..self.settings.climbs {
            let leaf = logits.detach().set_requires_grad(true);
            let similarity = self.similarity(&self.render(&z, &leaf.sigmoid()), &captions, rng);
            let gradient = Tensor::run_backward(&[similarity], &[&leaf], false, false).remove(0);
            logits += gradient.sign() * &stride * &free;
        }
        torch_ext::no_grad(|| self.render(&z, &logits.sigmoid()))
    }

    /// Hard negatives drawn by the generator: `[n, 3, s, s]` in [0, 1].
    fn drawn_negatives(
        &self,
        loop_generator: &LoopGenerator,
        contents: &[Content],
        captions: &Tensor,
        rng: &mut ChaCha8Rng,
    ) -> Tensor {
        let feigned: Vec<usize> =
            (0..loop_generator.settings.jumbles).map(|_| rng.random_range(0..contents.len())).collect();
        let indices: Vec<i64> = feigned.iter().map(|&index| index as i64).collect();
        let captions = captions.index_select(0, &Tensor::from_slice(&indices).to_device(captions.device()));
        let feigned: Vec<Content> = feigned.into_iter().map(|index| contents[index]).collect();
        let mut adversarial = loop_generator.start(&feigned, rng);
        for _ in 0..loop_generator.settings.climbs {
            loop_generator
                .adversarial_step(&mut adversarial, |images| self.similarity(images, &captions, rng));
        }
        loop_generator.reached(&adversarial)
    }

    /// The sum of the cosines between images and captions, one for each.
    fn similarity(&self, images: &Tensor, captions: &Tensor, rng: &mut ChaCha8Rng) -> Tensor {
        Tensor::cosine_similarity(&self.look(images, rng), captions, -1, 1e-8).sum(Kind::Float)
    }

    /// Initial latents of a hard negative: several objects of one style, among a little of
    /// everything or of nothing.
    fn jumble(&self, contents: &[Content], rng: &mut ChaCha8Rng) -> Jumble {
        let objects = self.table.classes.len();
        let all_styles = objects * Style::ALL.len();
        let (mut weights, _) = self.class_weights(Content { object: None, scene: None }, rng);
        let style = objects * rng.random_range(0..Style::ALL.len());
        for _ in 0..rng.random_range(0..=5) {
            weights[style + rng.random_range(0..objects)] = rng.random_range(FAINTEST..0.7);
        }
        let caption = rng.random_range(0..contents.len());
        let mut free = vec![0.0; weights.len()];
        free[style..style + objects].fill(1.0);
        free[all_styles..].fill(1.0);
        let Content { object, scene } = contents[caption];
        let named = object.map(|object| style + object).or(scene.map(|scene| all_styles + scene));
        if let Some(class) = named {
            (weights[class], free[class]) = (weights[class].min(FAINTEST), 0.0);
        }
        Jumble { weights, free, caption: caption as i64 }
    }
}

/// A mixture that is to be taken for something else.
struct Jumble {
    weights: Vec<f32>,
    free: Vec<f32>, // 1 for weights that may grow, 0 for others
    caption: i64,   // what it is to be taken for
}

/// The least opacity of what a picture shows.
const FAINTEST: f32 = 0.15;

/// The least opacity that can grow.
const LEAST: f64 = 1e-3;
