use biggan::{Config, Generator};
use checkpoint::Weights;
use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use tch::{Device, Tensor};

use crate::{Content, HardeningSettings, MiniatureError, ModelSet, Table, random, sample, wide::Wide};

/// A finished generator that draws for a perceptor in training.
pub struct LoopGenerator {
    generator: Generator,
    objects: usize,
    scenes: usize,
    pub(crate) settings: HardeningSettings,
    device: Device,
}

/// Images on the way to be taken for what captions say: what an optimization of `BigSleep`'s moves,
/// `[n, rows, _]` each.
pub(crate) struct AdversarialLatents {
    latents: Tensor,
    logits: Tensor, // of the classes' weights
    free: Tensor,   // [n, 1, classes]: 0 for those that may not grow
    stride: Tensor, // [n, 1, 1]
}

impl LoopGenerator {
    /// The generator of a model set.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn new(
        set: &ModelSet,
        settings: &HardeningSettings,
        table: &Table,
        device: Device,
    ) -> Result<Self, MiniatureError> {
        let config = Config::read(&set.generator_config())?;
        let generator = Generator::load(Weights::open(&set.weights("generator"))?, &config, 1.0, device)?;
        let (objects, scenes) = (table.classes.len(), table.scenes.len());
        Ok(Self { generator, objects, scenes, settings: settings.clone(), device })
    }

    /// An image of each content, `[n, 3, s, s]` in [0, 1]: whole, or faint among a little of
    /// everything, and then more so in some rows of the latents than in others. Also how opaque
    /// each content is, in the mean of the rows.
    pub(crate) fn draw(&self, contents: &[Content], rng: &mut ChaCha8Rng) -> (Tensor, Vec<f32>) {
        let (weights, opacities): (Vec<_>, Vec<_>) =
            contents.iter().map(|&content| self.weights(content, rng)).unzip();
        let weights = Tensor::from_slice(&weights.concat()).view([contents.len() as i64, self.rows(), -1]);
        let latents = self.latents(contents.len(), rng);
        (torch_ext::no_grad(|| self.images(&latents, &weights.to_device(self.device))), opacities)
    }

    fn weights(&self, content: Content, rng: &mut ChaCha8Rng) -> (Vec<f32>, f32) {
        let is_faint = rng.random_bool(FAINT);
        let share = rng.random_range(0.3..1.0);
        let (rows, mut opacity) = (self.rows(), 0.0);
        let mut row = |rng: &mut ChaCha8Rng| {
            let classes = self.objects + self.scenes;
            let mut weights =
                if is_faint { sample::a_little_of_every(classes, rng) } else { vec![0.0; classes] };
            let share = if is_faint { share * rng.random_range(0.3..1.0) } else { 1.0 };
            opacity += share / rows as f32;
            content.object.iter().for_each(|&object| weights[object] = share);
            content.scene.iter().for_each(|&scene| weights[self.objects + scene] = share);
            weights
        };
        let weights = (0..rows).flat_map(|_| row(rng)).collect();
        (weights, opacity)
    }

    /// Initial latents of negatives, one for each of the contents that they will imitate: as
    /// `BigSleep` does, half of them with some other object in each row of the latents.
    pub(crate) fn start(&self, feigned: &[Content], rng: &mut ChaCha8Rng) -> AdversarialLatents {
        let (n, classes) = (feigned.len(), self.objects + self.scenes);
        let (mut weights, mut free) = (Vec::new(), Vec::new());
        for content in feigned {
            let named = content.object.or(content.scene.map(|scene| self.objects + scene));
            let has_others = rng.random_bool(0.5);
            for _ in 0..self.rows() {
                let mut row = sample::a_little_of_every(classes, rng);
                if has_others {
                    row[rng.random_range(0..self.objects)] = rng.random_range(0.1..0.9);
                }
                named.iter().for_each(|&class| row[class] = row[class].min(0.05));
                weights.extend(row);
            }
            free.extend((0..classes).map(|class| if Some(class) == named { 0.0f32 } else { 1.0 }));
        }
        let tensor = |numbers: &[f32], rows: i64| {
            Tensor::from_slice(numbers).view([n as i64, rows, -1]).to_device(self.device)
        };
        AdversarialLatents {
            latents: self.latents(n, rng),
            logits: tensor(&weights, self.rows()).logit(LEAST),
            free: tensor(&free, 1),
            stride: (random::uniform(&[n as i64, 1, 1], rng) + 0.5).to_device(self.device),
        }
    }

    /// One step up the gradient of `similarity` of the images.
    pub(crate) fn adversarial_step(
        &self,
        adversarial: &mut AdversarialLatents,
        similarity: impl FnOnce(&Tensor) -> Tensor,
    ) {
        let AdversarialLatents { latents, logits, free, stride } = adversarial;
        let leaves = [&*latents, &*logits].map(|tensor| tensor.detach().set_requires_grad(true));
        let similarity = similarity(&self.images(&leaves[0], &leaves[1].sigmoid()));
        let gradients = Tensor::run_backward(&[similarity], &leaves, false, false);
        *latents += gradients[0].sign() * &*stride * LATENT_STRIDE;
        *logits += gradients[1].sign() * &*stride * &*free;
    }

    pub(crate) fn reached(&self, adversarial: &AdversarialLatents) -> Tensor {
        torch_ext::no_grad(|| self.images(&adversarial.latents, &adversarial.logits.sigmoid()))
    }

    /// `latents: [n, rows, z]`, `weights: [n, rows, objects + scenes]` → `[n, 3, s, s]` in [0, 1].
    fn images(&self, latents: &Tensor, weights: &Tensor) -> Tensor {
        (self.generator.forward(latents, &Wide::class_weights(weights)) + 1.0) * 0.5
    }

    fn latents(&self, n: usize, rng: &mut ChaCha8Rng) -> Tensor {
        random::normal(&[n as i64, self.rows(), self.generator.config().z_dim], rng).to_device(self.device)
    }

    fn rows(&self) -> i64 {
        self.generator.config().num_latent_rows()
    }
}

/// The part of the images whose content is faint.
const FAINT: f64 = 0.6;

/// The least weight that can grow.
const LEAST: f64 = 1e-3;

/// Stride of the latents per unit of a class weight's logit.
const LATENT_STRIDE: f64 = 0.1;
