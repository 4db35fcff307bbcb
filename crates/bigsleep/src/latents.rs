//! The latents, which the optimizer changes.

use crate::random::{Purpose, stream};
use crate::settings::DreamSettings;
use rand::RngExt;
use std::sync::{Mutex, PoisonError};
use tch::{Device, Kind, Tensor};

/// Mean and standard deviation of the initial class logits. Source: `big-sleep` 0.9.1, `Latents`.
const CLASS_INIT: (f64, f64) = (-3.9, 0.3);

/// A dream's parameters, or something of their shapes: gradients, averages.
#[derive(Debug)]
pub(crate) struct Latents {
    /// Latent vectors, `[l, z]`: a row for the generator's input projection and one for each of its
    /// blocks.
    pub(crate) normu: Tensor,
    /// Class logits, `[l, c]`: see [`class_weights`].
    pub(crate) cls: Tensor,
}

impl Latents {
    /// The initial values for a seed: what PyTorch draws on the CPU after
    /// `torch.manual_seed(seed)`, `normu` first.
    pub(crate) fn initial(seed: u64, rows: i64, z_dim: i64, num_classes: i64, device: Device) -> Self {
        static TORCH_GENERATOR: Mutex<()> = Mutex::new(());
        // The generator belongs to the whole process. A poisoned lock does no harm: it is seeded
        // anew each time.
        let _guard = TORCH_GENERATOR.lock().unwrap_or_else(PoisonError::into_inner);
        tch::manual_seed(seed as i64);
        let draw = |columns: i64, mean: f64, std: f64| {
            Tensor::zeros([rows, columns], (Kind::Float, Device::Cpu)).normal_(mean, std).to_device(device)
        };
        let normu = draw(z_dim, 0.0, 1.0);
        let cls = draw(num_classes, CLASS_INIT.0, CLASS_INIT.1);
        Self { normu, cls }
    }

    /// Every number moved to the next one of single precision, up or down by chance: another chance
    /// for each `draw`.
    pub(crate) fn nudged(&self, seed: u64, draw: u32) -> Self {
        let mut random = stream(seed, 0, Purpose::Nudges, draw);
        let mut moved = |latents: &Tensor| {
            let numbers = Vec::<f32>::try_from(latents.to_device(Device::Cpu).view(-1)).expect("floats");
            let next =
                |number: f32| if random.random::<bool>() { number.next_up() } else { number.next_down() };
            let numbers: Vec<f32> = numbers.into_iter().map(next).collect();
            Tensor::from_slice(&numbers).view_as(latents).to_device(latents.device())
        };
        Self { normu: moved(&self.normu), cls: moved(&self.cls) }
    }

    /// The latents of n dreams in one: `[n, l, z]` and `[n, l, c]`.
    pub(crate) fn stack(dreams: &[&Self]) -> Self {
        let stacked = |part: fn(&Self) -> &Tensor| {
            Tensor::stack(&dreams.iter().map(|dream| part(dream)).collect::<Vec<_>>(), 0)
        };
        Self { normu: stacked(|latents| &latents.normu), cls: stacked(|latents| &latents.cls) }
    }

    /// The latents of the i-th of stacked dreams.
    pub(crate) fn get(&self, i: i64) -> Self {
        Self { normu: self.normu.get(i), cls: self.cls.get(i) }
    }

    /// Both tensors, not copied, in the order in which the optimizer has them.
    pub(crate) fn tensors(&self) -> [Tensor; 2] {
        [self.normu.shallow_clone(), self.cls.shallow_clone()]
    }

    pub(crate) fn set_requires_grad(self) -> Self {
        Self { normu: self.normu.set_requires_grad(true), cls: self.cls.set_requires_grad(true) }
    }

    /// The gradient of the sum of all numbers in some tensors with respect to these latents.
    pub(crate) fn gradient_of(&self, objectives: &[Tensor]) -> Self {
        let mut gradients = Tensor::run_backward(objectives, &self.tensors(), false, false);
        let cls = gradients.remove(1);
        Self { normu: gradients.remove(0), cls }
    }
}

/// The generator's class weights from class logits: `cls [.., c]` → `[.., c]`, in [0, 1]; rows need
/// not add up to 1.
pub(crate) fn class_weights(cls: &Tensor, settings: &DreamSettings) -> Tensor {
    match settings.max_classes {
        Some(k) => differentiable_topk(cls, k, settings.class_temperature),
        None => cls.sigmoid(),
    }
}

/// k times over: the largest entry of softmax(x / temperature), which then leaves the contest; zero
/// elsewhere.
///
/// Source: `big-sleep` 0.9.1, `differentiable_topk`.
fn differentiable_topk(x: &Tensor, k: u32, temperature: f64) -> Tensor {
    let mut contest = x.shallow_clone();
    let mut chosen = x.zeros_like();
    for _ in 0..k {
        let (values, indices) = (&contest / temperature).softmax(-1, None::<Kind>).max_dim(-1, true);
        chosen = chosen.scatter(-1, &indices, &values);
        contest = contest.scatter_value(-1, &indices, f64::NEG_INFINITY);
    }
    chosen
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::golden::{distance, read};

    #[test]
    fn initial_latents_are_pytorchs() {
        let golden = read("initial_latents.safetensors");
        for seed in [0, 1 << 40 | 1] {
            let Latents { normu, cls } = Latents::initial(seed, 15, 128, 1000, Device::Cpu);
            assert!(distance(&normu, &golden[&format!("normu.{seed}")]) < 1e-6);
            assert!(distance(&cls.slice(1, None, None, 10), &golden[&format!("cls.{seed}")]) < 1e-6);
        }
    }

    #[test]
    fn dreams_drawn_at_once_do_not_disturb_each_other() {
        let draw = |seed| Latents::initial(seed, 3, 20, 30, Device::Cpu);
        let alone: Vec<_> = (0..8).map(draw).collect();
        let at_once: Vec<_> = std::thread::scope(|threads| {
            let drawing: Vec<_> = (0..8).map(|seed| threads.spawn(move || draw(seed))).collect();
            drawing.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        assert!(alone.iter().zip(&at_once).all(|(a, b)| a.normu == b.normu && a.cls == b.cls));
    }

    #[test]
    fn class_weights_and_their_gradient_are_the_packages() {
        let golden = read("losses.safetensors");
        for (case, max_classes) in [("all_classes", None), ("max_classes", Some(3))] {
            let get = |name: &str| &golden[&format!("{case}.{name}")];
            let settings = DreamSettings { max_classes, class_temperature: 1.5, ..DreamSettings::default() };
            let cls = get("cls").set_requires_grad(true);
            let weights = class_weights(&cls, &settings);
            assert!(distance(&weights.detach(), get("class_weights")) < 1e-5);
            // The package's gradient is that of the class term, which is one of the class weights.
            let weights = weights.unsqueeze(0);
            let objective = crate::losses::class(&weights).seen_from(&weights);
            let gradient = Tensor::run_backward(&[objective], &[&cls], false, false);
            assert!(distance(&gradient[0], get("class_grad")) < 1e-5);
        }
    }
}
