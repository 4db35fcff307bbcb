use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use checkpoint::{Weights, write_safetensors};
use indicatif::{ProgressBar, ProgressStyle};
use optim::{Optimizer, OptimizerConfig};
use tch::{Device, Kind, Tensor};

use crate::{
    MiniatureError,
    average::Average,
    log::{Log, LogRow},
};

/// Length, optimizer and output folder of a training.
#[derive(Clone, Debug)]
pub struct TrainingConfig {
    /// Steps in all, over all its parts.
    pub steps: u64,
    /// The optimizer.
    pub optimizer: OptimizerConfig,
    /// Decay of the averaged weights.
    pub average: f64,
    /// Folder of checkpoint and log. A training that finds its checkpoint goes on from there.
    pub folder: PathBuf,
    /// Time between checkpoints.
    pub checkpoint_every: Duration,
    /// Ends this part of the training early; the same command goes on with it.
    pub stop_after: Option<Duration>,
}

/// A network in training, with all that a checkpoint keeps of it.
pub struct Training {
    names: Vec<String>,
    params: Vec<Tensor>,
    buffers: Vec<(String, Tensor)>,
    average: Average,
    optimizer: Optimizer,
    steps: u64,
    config: TrainingConfig,
}

impl Training {
    /// Takes tensors of a network, which it changes in place: `params` by gradients; `buffers`
    /// change otherwise, and are only kept. Goes on from the checkpoint in the config's folder, if
    /// there is one.
    ///
    /// # Errors
    /// When the folder cannot be made, or holds the checkpoint of another training.
    pub fn new(
        params: Vec<(String, Tensor)>,
        buffers: Vec<(String, Tensor)>,
        config: TrainingConfig,
    ) -> Result<Self, MiniatureError> {
        fs::create_dir_all(&config.folder)
            .map_err(|source| MiniatureError::File { path: config.folder.clone(), source })?;
        let (names, params): (Vec<_>, Vec<_>) = params.into_iter().unzip();
        let average = Average::new(&params, config.average);
        let optimizer = Optimizer::new(&config.optimizer, &params);
        let mut training = Self { names, params, buffers, average, optimizer, steps: 0, config };
        let state = training.state_path();
        if state.exists() {
            training.restore(&state)?;
        }
        Ok(training)
    }

    /// Steps taken.
    #[must_use]
    pub fn steps(&self) -> u64 {
        self.steps
    }

    /// The averaged parameters, by their names.
    #[must_use]
    pub fn averaged(&self) -> Vec<(String, Tensor)> {
        let tensors = self.average.tensors().iter().map(Tensor::shallow_clone);
        self.names.iter().cloned().zip(tensors).collect()
    }

    /// The tensors that change otherwise than by gradients.
    #[must_use]
    pub fn buffers(&self) -> Vec<(String, Tensor)> {
        self.buffers.iter().map(|(name, tensor)| (name.clone(), tensor.shallow_clone())).collect()
    }

    /// Steps until the config or its time is over. `loss` gives the loss at a step; `show` is
    /// called at every checkpoint.
    ///
    /// # Errors
    /// When the loss is no number any more, or a file cannot be written.
    pub fn run(
        &mut self,
        mut loss: impl FnMut(u64) -> Result<Tensor, MiniatureError>,
        mut show: impl FnMut(&Self) -> Result<(), MiniatureError>,
    ) -> Result<(), MiniatureError> {
        let started = Instant::now();
        let (mut log, before_s) = Log::open(&self.config.folder.join("log.csv"), self.steps)?;
        let bar = progress_bar(self.steps, self.config.steps);
        let (mut kept, mut losses) = (Instant::now(), Losses::default());
        while self.steps < self.config.steps {
            losses.add(&self.step(&mut loss)?);
            bar.set_position(self.steps);
            if self.steps.is_multiple_of(LOG_EVERY) || self.steps == self.config.steps {
                let loss = losses.mean(self.steps)?;
                bar.set_message(format!("loss {loss:.4}"));
                let elapsed_s = before_s + started.elapsed().as_secs_f64();
                log.write(&LogRow { step: self.steps, loss, elapsed_s })?;
            }
            let over = self.config.stop_after.is_some_and(|limit| limit <= started.elapsed());
            if over || self.steps == self.config.steps || self.config.checkpoint_every <= kept.elapsed() {
                self.save()?;
                show(self)?;
                kept = Instant::now();
            }
            if over {
                break;
            }
        }
        bar.abandon();
        Ok(())
    }

    /// One step; gives the loss before it, still on the device.
    fn step(
        &mut self,
        loss: &mut impl FnMut(u64) -> Result<Tensor, MiniatureError>,
    ) -> Result<Tensor, MiniatureError> {
        let loss = loss(self.steps)?;
        let gradients = Tensor::run_backward(&[&loss], &self.params, false, false);
        let factor = self.config.optimizer.schedule().factor(self.steps, self.config.steps);
        self.optimizer.step(&mut self.params, &gradients, factor);
        self.steps += 1;
        self.average.update(&self.params, self.steps);
        Ok(loss.detach())
    }

    fn state_path(&self) -> PathBuf {
        self.config.folder.join("state.safetensors")
    }

    fn save(&self) -> Result<(), MiniatureError> {
        let mut tensors = self.tensors();
        let state = self.optimizer.state();
        tensors.extend(state.into_iter().map(|(name, tensor)| (format!("{OPTIMIZER}{name}"), tensor)));
        let tensors: Vec<(String, &Tensor)> =
            tensors.iter().map(|(name, tensor)| (name.clone(), tensor)).collect();
        let steps = BTreeMap::from([(STEPS.to_owned(), self.steps.to_string())]);
        Ok(write_safetensors(&self.state_path(), &tensors, &steps)?)
    }

    fn restore(&mut self, path: &Path) -> Result<(), MiniatureError> {
        let weights = Weights::open(path)?;
        let steps = weights.metadata().get(STEPS).and_then(|steps| steps.parse().ok());
        let names = weights.names();
        let root = weights.root(Kind::Float, Device::Cpu);
        let own = self.tensors();
        let kept: Vec<Tensor> = own.iter().map(|(name, tensor)| root.take(name, &tensor.size())).collect();
        let of_optimizer = names.iter().filter_map(|name| {
            let shape = root.shape(name)?;
            let kind = if name.ends_with(OPTIMIZER_STEP) { Kind::Int64 } else { Kind::Float };
            Some((name.strip_prefix(OPTIMIZER)?.to_owned(), root.take_as(name, &shape, kind)))
        });
        let of_optimizer: Vec<(String, Tensor)> = of_optimizer.collect();
        weights.finish()?;
        self.optimizer
            .restore(of_optimizer)
            .map_err(|source| MiniatureError::Resume { path: path.to_owned(), source })?;
        torch_ext::no_grad(|| {
            own.into_iter().zip(&kept).for_each(|((_, mut tensor), kept)| tensor.copy_(kept));
        });
        self.steps = steps.unwrap_or_default();
        Ok(())
    }

    /// The network's tensors and their averages, but not the optimizer's.
    fn tensors(&self) -> Vec<(String, Tensor)> {
        let named = |prefix: &str, tensors: &[Tensor]| -> Vec<(String, Tensor)> {
            let names = self.names.iter().map(|name| format!("{prefix}{name}"));
            names.zip(tensors.iter().map(Tensor::shallow_clone)).collect()
        };
        let mut tensors = named("param.", &self.params);
        tensors.extend(named("average.", self.average.tensors()));
        let buffers = self.buffers.iter();
        tensors.extend(buffers.map(|(name, tensor)| (format!("buffer.{name}"), tensor.shallow_clone())));
        tensors
    }
}

/// Steps between rows of the log; to look at a loss is to wait for the device.
const LOG_EVERY: u64 = 50;
const OPTIMIZER: &str = "optimizer.";
const OPTIMIZER_STEP: &str = "optimizer.step";
const STEPS: &str = "steps";

/// Losses since the last row of the log, added up on the device.
#[derive(Default)]
struct Losses {
    sum: Option<Tensor>,
    count: u32,
}

impl Losses {
    fn add(&mut self, loss: &Tensor) {
        self.sum = Some(self.sum.take().map_or_else(|| loss.shallow_clone(), |sum| sum + loss));
        self.count += 1;
    }

    /// Their mean, and starts anew.
    fn mean(&mut self, step: u64) -> Result<f64, MiniatureError> {
        let Self { sum, count } = std::mem::take(self);
        let loss = sum.map_or(f64::NAN, |sum| sum.double_value(&[]) / f64::from(count));
        if loss.is_finite() { Ok(loss) } else { Err(MiniatureError::Diverged { step, loss }) }
    }
}

fn progress_bar(steps: u64, of: u64) -> ProgressBar {
    let style = ProgressStyle::with_template("{bar:32} {pos}/{len} steps  {msg}  {per_sec}  {eta} to go")
        .unwrap_or_else(|_| ProgressStyle::default_bar());
    let bar = ProgressBar::new(of).with_style(style).with_position(steps);
    bar.reset_eta();
    bar
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Twice the same numbers, once in one go and once interrupted, to the last bit.
    #[test]
    fn an_interrupted_training_goes_on_as_if_nothing_had_been() {
        let folder = tempfile::tempdir().expect("a folder");
        let train = |name: &str, parts: &[u64]| {
            let mut end = Vec::new();
            for &steps in parts {
                let config = config(folder.path().join(name), steps);
                let param = Tensor::from_slice(&[3.0f32, -2.0]).set_requires_grad(true);
                let mut training =
                    Training::new(vec![("w".to_owned(), param.shallow_clone())], vec![], config)
                        .expect("a start");
                training
                    .run(|step| Ok((&param - step as f64 / 10.0).square().sum(Kind::Float)), |_| Ok(()))
                    .expect("a training");
                assert_eq!(training.steps(), steps);
                end = [&param, &training.averaged()[0].1]
                    .map(|tensor| Vec::<f32>::try_from(tensor.detach()).expect("numbers"))
                    .to_vec();
            }
            end
        };
        let whole = train("whole", &[40]);
        assert_eq!(train("parts", &[17, 40]), whole);
        assert_ne!(train("shorter", &[39]), whole);
    }

    fn config(folder: PathBuf, steps: u64) -> TrainingConfig {
        TrainingConfig {
            steps,
            optimizer: toml::from_str("adam = { lr = 0.1 }").expect("settings of Adam"),
            average: 0.9,
            folder,
            checkpoint_every: Duration::from_secs(3600),
            stop_after: None,
        }
    }
}
